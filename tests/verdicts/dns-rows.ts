/** What name servers do to a dns check: records, response codes, aliases, truncation, strays and malformed messages. */
import { type Answer, AUTHORITATIVE_ANSWER, TRUNCATED_RESPONSE } from "dns-packet";
import { type Behavior, PATIENT, SHORT } from "./behavior.ts";
import { type Answering, framed, NAME, nameServer, overTcp, Question } from "./dns-backend.ts";
import { closed, inPieces, type Script } from "./plain-backend.ts";

type Fields = Readonly<Record<string, unknown>>;

const A = (data = "192.0.2.1", name = NAME): Answer => ({ type: "A", name, ttl: 60, data });
const AAAA = (data = "2001:db8::1", name = NAME): Answer => ({ type: "AAAA", name, ttl: 60, data });
const alias = (data: string, name = NAME): Answer => ({ type: "CNAME", name, ttl: 60, data });
const [SERVFAIL, NXDOMAIN, NOTIMP, REFUSED, FORMERR] = [2, 3, 4, 5, 1];
const NOTIFY = 4 << 11;
/** Type A, class IN, a time to live, four bytes: what stands behind a record's name. */
const REST_OF_A = [0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1];
const QUESTION_AT = 12;
const RECORD_AT = QUESTION_AT + NAME.length + 2 + 4;

/** A row whose check asks for the A records of {@link NAME}. */
function dns(
  id: string,
  backend: string,
  udp: Answering,
  wanted: Behavior["wanted"],
  fields: Fields = {},
  tcp?: Script,
): Behavior {
  const timeout = wanted.endsWith("TOUT") ? SHORT : PATIENT;
  return {
    id: `dns-${id}`,
    backend,
    start: () => nameServer(udp, tcp),
    wanted,
    check: { timeout, query: NAME, query_type: "A", ...fields, checker_type: "dns" },
  };
}

/** A row whose backend answers with records. */
function records(
  id: string,
  backend: string,
  answers: readonly Answer[],
  wanted: Behavior["wanted"],
  fields: Fields = {},
): Behavior {
  return dns(id, backend, (question) => question.reply(answers), wanted, fields);
}

/** A row whose backend answers with a response code and no records. */
function refusal(id: string, backend: string, flags: number): Behavior {
  return dns(id, backend, (question) => question.reply([], { flags }), "L7STS");
}

/** A row whose backend sends nothing but messages that are no answer to the question. */
function strays(id: string, backend: string, message: (question: Question) => Uint8Array): Behavior {
  return dns(id, backend, message, "L7RSP", { timeout: SHORT });
}

/** A row whose backend answers the types that its table has, and others without a record. */
function byType(
  id: string,
  backend: string,
  table: Readonly<Record<string, readonly Answer[]>>,
  wanted: Behavior["wanted"],
  fields: Fields = {},
): Behavior {
  const { A: _, ...noType } = { A: undefined, query_type: undefined, ...fields };
  return dns(id, backend, (question) => question.reply(table[question.type] ?? []), wanted, noType);
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

/** A row whose check asks for another type. */
function typed(type: string, answer: Answer, query = NAME): Behavior {
  return records(
    `type-${type.toLowerCase()}`,
    `answers with a ${type} record, which is asked for`,
    [answer],
    "L7OK",
    { query, query_type: type },
  );
}

const withOtherId = (question: Question) => question.reply([A()], { id: question.id ^ 1 });
const name = (text: string) => text.split(".").flatMap((label) => [label.length, ...Buffer.from(label)]);
const chain = (length: number): Answer[] => [
  ...Array.from({ length }, (_, hop) => alias(`hop${hop + 1}.test`, hop === 0 ? NAME : `hop${hop}.test`)),
  A("192.0.2.1", `hop${length}.test`),
];

/** All of them. */
export const DNS_ROWS: readonly Behavior[] = [
  records("answer", "answers with an address", [A()], "L7OK"),
  records("expected", "answers with the expected address", [A()], "L7OK", { expected_ips: ["192.0.2.1"] }),
  records("other-address", "answers with another address than expected", [A("192.0.2.9")], "L7STS", {
    expected_ips: ["192.0.2.1"],
  }),
  records("one-of-two", "answers with two addresses, one of them expected", [A("192.0.2.9"), A()], "L7OK", {
    expected_ips: ["192.0.2.1"],
  }),
  records("one-expected-of-two", "answers with one of two expected addresses", [A()], "L7OK", {
    expected_ips: ["192.0.2.7", "192.0.2.1"],
  }),
  records("duplicates", "answers with the same record twice", [A(), A()], "L7OK"),
  records(
    "many",
    "answers with 25 addresses",
    Array.from({ length: 25 }, (_, last) => A(`192.0.2.${last}`)),
    "L7OK",
    { expected_ips: ["192.0.2.24"] },
  ),
  records(
    "ttl-zero",
    "answers with a time to live of 0",
    [{ type: "A", name: NAME, ttl: 0, data: "192.0.2.1" }],
    "L7OK",
  ),
  records(
    "alias",
    "answers with an alias and its address",
    [alias("real.test"), A("192.0.2.1", "real.test")],
    "L7OK",
  ),
  records("alias-chain", "answers with a chain of 10 aliases", chain(10), "L7OK"),
  records(
    "alias-backwards",
    "answers with an alias behind its address",
    [A("192.0.2.1", "real.test"), alias("real.test")],
    "L7OK",
  ),
  records(
    "alias-capitals",
    "answers with an alias in capitals",
    [alias("REAL.test"), A("192.0.2.1", "real.TEST")],
    "L7OK",
  ),
  records(
    "alias-loop",
    "answers with aliases in a circle",
    [alias("other.test"), alias(NAME, "other.test")],
    "L7STS",
  ),
  records("alias-self", "answers with an alias of itself", [alias(NAME)], "L7STS"),
  records("alias-dangling", "answers with an alias and no address", [alias("real.test")], "L7STS"),
  records("other-owner", "answers with the address of another name", [A("192.0.2.1", "other.test")], "L7STS"),
  records("other-type", "answers with a record of another type", [AAAA()], "L7STS"),
  dns(
    "other-class",
    "answers with a record of class CHAOS",
    (question) => question.raw([0xc0, QUESTION_AT, 0, 1, 0, 3, ...REST_OF_A.slice(4)]),
    "L7STS",
  ),
  records("nodata", "answers without a record", [], "L7STS"),
  dns(
    "nodata-soa",
    "answers without a record, with the zone's SOA",
    (question) =>
      question.reply([], {
        authorities: [
          {
            type: "SOA",
            name: "example.test",
            ttl: 60,
            data: {
              mname: "ns.test",
              rname: "root.test",
              serial: 1,
              refresh: 1,
              retry: 1,
              expire: 1,
              minimum: 1,
            },
          },
        ],
      }),
    "L7STS",
  ),
  dns(
    "referral",
    "refers to other name servers",
    (question) =>
      question.reply([], {
        authorities: [{ type: "NS", name: "example.test", ttl: 60, data: "ns.test" }],
        additionals: [A("192.0.2.53", "ns.test")],
      }),
    "L7STS",
  ),
  refusal("nxdomain", "answers NXDOMAIN", NXDOMAIN),
  refusal("servfail", "answers SERVFAIL", SERVFAIL),
  refusal("refused", "answers REFUSED", REFUSED),
  refusal("notimp", "answers NOTIMP", NOTIMP),
  refusal("formerr", "answers FORMERR", FORMERR),
  dns(
    "formerr-bare",
    "answers FORMERR and leaves the question out",
    (question) => question.reply([], { flags: FORMERR, questions: [] }),
    "L7STS",
  ),
  dns(
    "nxdomain-alias",
    "answers NXDOMAIN behind an alias",
    (question) => question.reply([alias("gone.test")], { flags: NXDOMAIN }),
    "L7STS",
  ),
  dns(
    "servfail-records",
    "answers SERVFAIL with a record",
    (question) => question.reply([A()], { flags: SERVFAIL }),
    "L7STS",
  ),
  dns(
    "authoritative",
    "answers with authority",
    (question) => question.reply([A()], { flags: AUTHORITATIVE_ANSWER }),
    "L7OK",
  ),

  typed("AAAA", AAAA()),
  typed("CNAME", alias("real.test")),
  typed("MX", { type: "MX", name: NAME, ttl: 60, data: { preference: 10, exchange: "mail.test" } }),
  typed("NS", { type: "NS", name: NAME, ttl: 60, data: "ns.test" }),
  typed("SOA", {
    type: "SOA",
    name: NAME,
    ttl: 60,
    data: { mname: "ns.test", rname: "root.test", serial: 1, refresh: 1, retry: 1, expire: 1, minimum: 1 },
  }),
  typed("SRV", {
    type: "SRV",
    name: NAME,
    ttl: 60,
    data: { port: 80, target: "a.test", priority: 1, weight: 1 },
  }),
  typed("TXT", { type: "TXT", name: NAME, ttl: 60, data: ["v=spf1", " -all"] }),
  typed("CAA", { type: "CAA", name: NAME, ttl: 60, data: { flags: 0, tag: "issue", value: "ca.test" } }),
  typed(
    "PTR",
    { type: "PTR", name: "1.2.0.192.in-addr.arpa", ttl: 60, data: NAME },
    "1.2.0.192.in-addr.arpa",
  ),
  records(
    "aaaa-expected",
    "answers with the expected IPv6 address, written otherwise",
    [AAAA("2001:db8:0:0::1")],
    "L7OK",
    { query_type: "AAAA", expected_ips: ["2001:db8::1"] },
  ),
  records("aaaa-nodata", "answers without a record to a question for AAAA", [], "L7STS", {
    query_type: "AAAA",
  }),
  byType("no-type-a", "has an A record only; the check names no type", { A: [A()] }, "L7OK"),
  byType("no-type-aaaa", "has an AAAA record only; the check names no type", { AAAA: [AAAA()] }, "L7OK"),
  byType("no-type-none", "has neither A nor AAAA; the check names no type", {}, "L7STS"),
  byType(
    "no-type-expected-v6",
    "has both; the check expects an IPv6 address",
    { A: [A()], AAAA: [AAAA()] },
    "L7OK",
    { expected_ips: ["2001:db8::1"] },
  ),
  byType(
    "no-type-expected-both",
    "has an AAAA record only; the check expects addresses of both families",
    { AAAA: [AAAA()] },
    "L7OK",
    { expected_ips: ["192.0.2.1", "2001:db8::1"] },
  ),
  dns(
    "no-type-a-servfail",
    "answers SERVFAIL for A and a record for AAAA; the check names no type",
    (question) =>
      question.type === "A" ? question.reply([], { flags: SERVFAIL }) : question.reply([AAAA()]),
    "L7OK",
    { query_type: undefined },
  ),

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
        additionals: [
          {
            type: "OPT",
            name: ".",
            udpPayloadSize: 4_096,
            extendedRcode: 0,
            ednsVersion: 0,
            flags: 0,
            flag_do: false,
            options: [],
          },
        ],
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
  dns(
    "slow",
    "answers after 300 ms",
    (question, { say }) => void setTimeout(() => say(question.reply([A()])), 300),
    "L7OK",
  ),
  dns("silent", "stays silent", () => undefined, "L7TOUT"),
  dns(
    "late",
    "answers after the timeout",
    (question, { say }) => void setTimeout(() => say(question.reply([A()])), 6_000),
    "L7TOUT",
  ),
  dns(
    "elsewhere",
    "answers from another port",
    (question, { sayFromElsewhere }) => sayFromElsewhere(question.reply([A()])) as undefined,
    "L7TOUT",
  ),
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
