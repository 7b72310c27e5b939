/**
 * DNS on the wire and what an answer means, pure (RFC 1035). The coding is dns-packet; which datagrams count and which
 * answers are good is decided here.
 */
import { type Answer, decode, encode, type Packet, RECURSION_DESIRED } from "dns-packet";
import { show } from "../model/show.ts";
import type { QueryType } from "../model/spec.ts";
import { canonicalIp } from "../system/sockaddr.ts";
import { failed, type Verdict } from "./conversation.ts";

/** What was asked. */
export interface Question {
  /** Chosen at random; an answer must repeat it. */
  readonly id: number;
  /** Without a dot at its end. */
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
/** More than any sane answer has; 4,000 records, each a long chain of pointers, would hold up everything for 80 ms. */
const MOST_RECORDS = 1_000;
const HEADER_BYTES = 12;
/** Where the header has its four numbers, that of the questions first. */
const COUNTS_AT = [4, 6, 8, 10];

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
  let packet: Packet & { readonly rcode?: string; readonly flag_tc?: boolean };
  try {
    packet = decodeMessage(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  } catch (error) {
    return {
      kind: "stray",
      why: `a malformed message (${error instanceof Error ? error.message : String(error)})`,
    };
  }
  if (packet.type !== "response") return { kind: "stray", why: "a message that is no answer" };
  if (packet.id !== question.id) return { kind: "stray", why: "an answer with another id" };
  const rcode = packet.rcode ?? "NOERROR";
  const echoed = packet.questions?.[0];
  // Servers that did not understand a question may leave it out of their refusal.
  if (echoed === undefined ? rcode === "NOERROR" : !sameQuestion(echoed.name, echoed.type, question)) {
    return { kind: "stray", why: "an answer to another question" };
  }
  if (packet.flag_tc === true) return { kind: "truncated" };
  return { kind: "answer", rcode, answers: packet.answers ?? [] };
}

/** @throws Error when it is malformed */
function decodeMessage(message: Buffer): Packet {
  if (message.length >= HEADER_BYTES) {
    const records = COUNTS_AT.reduce((sum, at) => sum + message.readUInt16BE(at), 0);
    if (records > MOST_RECORDS) throw new Error(`it promises ${records} records, more than ${MOST_RECORDS}`);
  }
  const packet = decode(message);
  // The decoder reads on behind the end: an address cut short would become one of `undefined`.
  if (decode.bytes > message.length) throw new Error("a record goes on behind its end");
  return packet;
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

function sameQuestion(name: string, type: string, question: Question): boolean {
  return fold(name) === fold(question.name) && type === question.type;
}

function fold(name: string): string {
  return name.replace(/\.$/, "").toLowerCase();
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
