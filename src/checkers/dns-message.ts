/** What a DNS answer means, pure (RFC 1035): which messages count and which answers are good. */
import { type Answer, type Question as EchoedQuestion, encode, RECURSION_DESIRED } from "dns-packet";
import { withoutLastDot } from "../model/domain-name.ts";
import { show } from "../model/show.ts";
import type { QueryType } from "../model/spec.ts";
import { canonicalIp } from "../system/sockaddr.ts";
import { failed, type Verdict } from "./conversation.ts";
import { type Message, readMessage } from "./dns-wire.ts";

/** What was asked. */
export interface Question {
  /** Chosen at random; an answer must repeat it. */
  readonly id: number;
  /** Without a dot at its end, but for the root, which is one. */
  readonly name: string;
  readonly type: QueryType;
}

/** A message that came back. */
export type Reply =
  | { readonly kind: "answer"; readonly rcode: string; readonly answers: readonly Answer[] }
  /** The answer did not fit; it must be asked for over TCP. */
  | { readonly kind: "truncated" }
  /** Not an answer to this question: late, forged, or nonsense. */
  | { readonly kind: "stray"; readonly why: string };

const SHOWN_RECORDS = 4;

/** The question as a datagram. */
export function encodeQuestion({ id, name, type }: Question): Buffer {
  return encode({ type: "query", id, flags: RECURSION_DESIRED, questions: [{ type, name }] });
}

/**
 * Reads what came back.
 *
 * @param bytes - one message, without the length that TCP puts before it
 */
export function readReply(bytes: Uint8Array, question: Question): Reply {
  let message: Message;
  try {
    message = readMessage(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), question.type);
  } catch (error) {
    return stray(`a malformed message (${error instanceof Error ? error.message : String(error)})`);
  }
  const { head, answers } = message;
  if (head.type !== "response") return stray("a message that is no answer");
  if (head.opcode !== "QUERY") return stray(`an answer with opcode ${head.opcode}`);
  if (head.id !== question.id) return stray("an answer with another id");
  const rcode = head.rcode ?? "NOERROR";
  const echoed = head.questions?.[0];
  // Servers that did not understand a question may leave it out of their refusal.
  if (echoed === undefined ? rcode === "NOERROR" : !sameQuestion(echoed, question)) {
    return stray("an answer to another question");
  }
  return head.flag_tc ? { kind: "truncated" } : { kind: "answer", rcode, answers };
}

function stray(why: string): Reply {
  return { kind: "stray", why };
}

/**
 * Says whether an answer is a good one.
 *
 * @param expectedIps - in canonical form; one of them must be in the answer; none means that any record will do
 */
export function judgeAnswer(
  rcode: string,
  answers: readonly Answer[],
  question: Question,
  expectedIps: readonly string[],
): Verdict {
  if (rcode !== "NOERROR") return failed("L7STS", `answered ${rcode}`);
  const owners = ownersOf(question.name, answers);
  const records = answers.filter((answer) => answer.type === question.type && owners.has(fold(answer.name)));
  if (records.length === 0) return failed("L7STS", `answered without any ${question.type} record`);
  const found = records.map(describe);
  if (expectedIps.length === 0 || found.some((text) => expectedIps.includes(text))) {
    return { ok: true, message: `answered ${list(found)}` };
  }
  return failed("L7STS", `answered ${list(found)}, expected ${expectedIps.join(" or ")}`);
}

/** The name and every alias it leads to; a loop of aliases ends by itself. */
function ownersOf(name: string, answers: readonly Answer[]): ReadonlySet<string> {
  const aliases = new Map<string, string>();
  for (const answer of answers) {
    if (answer.type === "CNAME") aliases.set(fold(answer.name), fold(answer.data));
  }
  const owners = new Set<string>();
  for (
    let next: string | undefined = fold(name);
    next !== undefined && !owners.has(next);
    next = aliases.get(next)
  ) {
    owners.add(next);
  }
  return owners;
}

function sameQuestion(echoed: EchoedQuestion, { name, type }: Question): boolean {
  return fold(echoed.name) === fold(name) && echoed.type === type && echoed.class === "IN";
}

function fold(name: string): string {
  return withoutLastDot(name).toLowerCase();
}

/** A record as text, of bounded length: it goes into logs and statuses. */
function describe(answer: Answer): string {
  if (answer.type === "A" || answer.type === "AAAA") return canonicalIp(answer.data) ?? answer.data;
  if (answer.type === "TXT") return show([answer.data].flat().map(String).join(""));
  return answer.type === "OPT" ? "OPT" : show(answer.data);
}

function list(texts: readonly string[]): string {
  const shown = texts.slice(0, SHOWN_RECORDS).join(", ");
  return texts.length > SHOWN_RECORDS ? `${shown} and ${texts.length - SHOWN_RECORDS} more` : shown;
}
