/**
 * Behavior of nameservers in dns checks with messages: odd but valid ones, lost and late ones, strays, malformed ones,
 * and TCP.
 */
import { TRUNCATED_RESPONSE } from "dns-packet";
import { optRecord } from "../harness/backends/edns.ts";
import { type Behavior, SHORT } from "./behavior.ts";
import { type Answering, framed, NAME, overTcp, Question } from "./dns-backend.ts";
import { A, dns, NXDOMAIN, QUESTION_AT, REST_OF_A } from "./dns-row.ts";
import { closed, inPieces, type Script } from "./plain-backend.ts";

const NOTIFY = 4 << 11;
/** Offset of the first record in a message; bytes. */
const RECORD_AT = QUESTION_AT + NAME.length + 2 + 4;

const withOtherId = (question: Question) => question.reply([A()], { id: question.id ^ 1 });
const name = (text: string) => text.split(".").flatMap((label) => [label.length, ...Buffer.from(label)]);

function answersAfter(delayMs: number): Answering {
  return (question, { send }) => {
    setTimeout(() => send(question.reply([A()])), delayMs);
    return undefined;
  };
}

const answersFromElsewhere: Answering = (question, { sendFromElsewhere }) => {
  sendFromElsewhere(question.reply([A()]));
  return undefined;
};

/** A row whose backend sends nothing but messages that are no answer to the question. */
function strays(id: string, backend: string, message: (question: Question) => Uint8Array): Behavior {
  return dns(id, backend, message, "L7RSP", { timeout: SHORT });
}

/** A row whose backend truncates its answer over UDP. */
function truncates(id: string, backend: string, wanted: Behavior["wanted"], tcp?: Script): Behavior {
  return dns(
    id,
    `truncates its answer, and ${backend}`,
    (question) => question.reply([], { flags: TRUNCATED_RESPONSE }),
    wanted,
    {},
    tcp,
  );
}

/** All of them. */
export const DNS_MESSAGE_ROWS: readonly Behavior[] = [
  dns(
    "case",
    "repeats the question in other capitals",
    (question) => question.reply([A()], { questions: [{ type: "A", name: "wWw.ExAmPlE.tEsT" }] }),
    "L7OK",
  ),
  dns(
    "answer-case",
    "answers for the name in other capitals",
    (question) => question.reply([A("192.0.2.1", "WWW.example.TEST")]),
    "L7OK",
  ),
  dns(
    "edns",
    "adds an EDNS record",
    (question) =>
      question.reply([A()], {
        additionals: [optRecord(4_096)],
      }),
    "L7OK",
  ),
  dns(
    "unknown-records",
    "adds records of unknown types",
    (question) =>
      question.raw(
        [0xc0, QUESTION_AT, 0xff, 0, 0, 1, 0, 0, 0, 60, 0, 3, 1, 2, 3, 0xc0, QUESTION_AT, ...REST_OF_A],
        2,
      ),
    "L7OK",
  ),
  dns(
    "large",
    "answers with 1,400 bytes",
    (question) => question.reply(Array.from({ length: 40 }, (_, last) => A(`192.0.2.${last}`))),
    "L7OK",
  ),
  dns(
    "trailing",
    "sends bytes behind its answer",
    (question) => Buffer.concat([question.reply([A()]), Buffer.alloc(8)]),
    "L7OK",
  ),
  dns("twice", "answers twice", (question) => [question.reply([A()]), question.reply([A()])], "L7OK"),
  dns(
    "two-answers",
    "answers rightly, then otherwise",
    (question) => [question.reply([A()]), question.reply([], { flags: NXDOMAIN })],
    "L7OK",
  ),
  dns(
    "stray-first",
    "sends an answer with another id before its own",
    (question) => [withOtherId(question), question.reply([A()])],
    "L7OK",
  ),
  dns(
    "garbage-first",
    "sends garbage before its answer",
    (question) => [Buffer.alloc(100, 0xff), question.reply([A()])],
    "L7OK",
  ),
  dns(
    "first-lost",
    "loses the first datagram of each check",
    (question, { repeated }) => (repeated ? question.reply([A()]) : undefined),
    "L7OK",
  ),
  dns("slow", "answers after 300 ms", answersAfter(300), "L7OK"),
  dns("silent", "stays silent", () => undefined, "L7TOUT"),
  dns("late", "answers after the timeout", answersAfter(6_000), "L7TOUT"),
  dns("elsewhere", "answers from another port", answersFromElsewhere, "L7TOUT"),
  { ...dns("unreachable", "has nothing on the port", () => undefined, "L4CON"), start: closed },

  strays("other-id", "answers with another id", withOtherId),
  strays("other-name", "answers another name's question", (question) =>
    question.reply([A()], { questions: [{ type: "A", name: "other.test" }] }),
  ),
  strays("other-question-type", "answers another type's question", (question) =>
    question.reply([A()], { questions: [{ type: "AAAA", name: NAME }] }),
  ),
  strays("no-question", "leaves the question out of its answer", (question) =>
    question.reply([A()], { questions: [] }),
  ),
  strays("two-questions", "has two questions in its answer", (question) =>
    question.reply([A()], {
      questions: [
        { type: "A", name: NAME },
        { type: "A", name: NAME },
      ],
    }),
  ),
  strays("echo", "sends the question back", (question) => question.message),
  strays("opcode", "answers with opcode NOTIFY", (question) => question.reply([A()], { flags: NOTIFY })),
  strays("empty", "sends empty datagrams", () => new Uint8Array()),
  strays("garbage", "sends garbage", () => Buffer.alloc(1_000, 0xff)),
  strays("cut", "cuts its answer in the middle of a record", (question) =>
    question.reply([A()]).subarray(0, -2),
  ),
  strays("promises", "promises more records than it sends", (question) => question.raw([], 3)),
  strays("pointer-self", "sends a name that points to itself", (question) =>
    question.raw([0xc0, RECORD_AT, ...REST_OF_A]),
  ),
  strays("pointer-loop", "sends names that point to each other", (question) =>
    question.raw([0xc0, RECORD_AT + 2, 0xc0, RECORD_AT, ...REST_OF_A]),
  ),
  strays("pointer-forward", "sends a name that points forward", (question) =>
    question.raw([0xc0, RECORD_AT + 16, ...REST_OF_A, ...name(NAME), 0]),
  ),
  strays("pointer-outside", "sends a name that points behind the message", (question) =>
    question.raw([0xff, 0xff, ...REST_OF_A]),
  ),
  strays("long-label", "sends a label of a reserved kind", (question) =>
    question.raw([0x80, 1, ...REST_OF_A]),
  ),
  strays("long-address", "sends an A record with 5 bytes of data", (question) =>
    question.raw([0xc0, QUESTION_AT, ...REST_OF_A.slice(0, 8), 0, 5, 192, 0, 2, 1, 0]),
  ),
  strays("oversized", "sends datagrams of 6,000 bytes", (question) =>
    question.reply([A()], {
      additionals: Array.from({ length: 300 }, (_, last) => A(`192.0.2.${last % 250}`, "x.test")),
    }),
  ),

  truncates(
    "truncated",
    "answers over TCP",
    "L7OK",
    overTcp((question) => framed(question.reply([A()]))),
  ),
  truncates(
    "truncated-other",
    "answers NXDOMAIN over TCP",
    "L7STS",
    overTcp((question) => framed(question.reply([], { flags: NXDOMAIN }))),
  ),
  truncates("truncated-refused", "refuses TCP", "L4CON"),
  truncates("truncated-silent", "stays silent over TCP", "L7TOUT", () => {}),
  truncates("truncated-resets", "resets TCP", "L7RSP", async (peer) => {
    await peer.request();
    peer.reset();
  }),
  truncates("truncated-closes", "closes TCP", "L7RSP", async (peer) => {
    await peer.request();
    peer.end();
  }),
  truncates("truncated-cut", "cuts its answer over TCP", "L7RSP", async (peer) => {
    const request = Buffer.from(await peer.request(), "latin1");
    await peer.write(framed(new Question(request.subarray(2)).reply([A()])).subarray(0, 20));
    peer.end();
  }),
  truncates("truncated-pieces", "answers over TCP in pieces of one byte", "L7OK", async (peer) => {
    const request = Buffer.from(await peer.request(), "latin1");
    await inPieces(peer, framed(new Question(request.subarray(2)).reply([A()])).toString("latin1"), 1, 2);
  }),
  truncates("truncated-reset-behind", "answers over TCP and resets", "L7OK", async (peer) => {
    const request = Buffer.from(await peer.request(), "latin1");
    await peer.write(framed(new Question(request.subarray(2)).reply([A()])));
    peer.reset();
  }),
  truncates(
    "truncated-again",
    "truncates over TCP, too",
    "L7RSP",
    overTcp((question) => framed(question.reply([], { flags: TRUNCATED_RESPONSE }))),
  ),
  truncates(
    "truncated-other-id",
    "answers with another id over TCP",
    "L7RSP",
    overTcp((question) => framed(withOtherId(question))),
  ),
  truncates(
    "truncated-large",
    "answers with 600 addresses over TCP",
    "L7OK",
    overTcp((question) =>
      framed(
        question.reply(Array.from({ length: 600 }, (_, last) => A(`198.51.${last >> 8}.${last & 255}`))),
      ),
    ),
  ),
];
