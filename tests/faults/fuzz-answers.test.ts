/**
 * Mangled answers of backends, in pieces of any size: a verdict, the same for every cut, and never an exception. Run by
 * `bun test` and scripts/soak.
 */

import { expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import type { Conversation, Verdict } from "../../src/checks/conversation.ts";
import { readExpected } from "../../src/checks/dns/expected.ts";
import { validateAnswer } from "../../src/checks/dns/message.ts";
import { QUERY_TYPES, USUAL_QUESTION } from "../../src/checks/dns/spec.ts";
import { DnsTcpConversation } from "../../src/checks/dns/tcp-conversation.ts";
import { encodeQuestion, type Question, readReply } from "../../src/checks/dns/wire.ts";
import { AnswerReader } from "../../src/checks/http/answer.ts";
import { HttpConversation } from "../../src/checks/http/conversation.ts";
import { ConnectConversation } from "../../src/checks/http/tunnel.ts";
import { validateAnswer as validateRadiusAnswer } from "../../src/checks/radius/answer.ts";
import { readAnswer as readRadiusAnswer } from "../../src/checks/radius/packet.ts";
import { EXPECTATIONS } from "../../src/checks/radius/spec.ts";
import { PrefixConversation } from "../../src/checks/tcp/checker.ts";
import { validateDatagram } from "../../src/checks/udp/answer.ts";
import { Secrets } from "../../src/redaction/secrets.ts";
import { optRecord } from "../harness/backends/edns.ts";
import { llhttp, type SecondOpinion } from "../harness/backends/llhttp.ts";
import { attributeOf, replyTo } from "../harness/backends/radius-reply.ts";
import { ADDRESS, ASKED, framed, rawReply, reply } from "../harness/backends/rogue-dns-server.ts";
import { FUZZ_TEST_MS, fuzz, inPieces, latin1, mutated } from "../harness/base/fuzz.ts";
import { wanting } from "../harness/fakes/fakes.ts";

setDefaultTimeout(FUZZ_TEST_MS);

const HTTP = latin1(
  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;ext=1\r\nhel\r\n2\r\nlo\r\n0\r\nX: y\r\n\r\n",
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.0 404 No\r\n\r\nhello",
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nhello",
  "HTTP/1.1 204 No Content\r\n\r\n",
);
const HTTP_WORDS = [
  ..."\r\n|\n|\r|\0| |\t|:|;|0|-1|ffffffffffffffff|hello|HTTP/1.1 200 OK\r\n\r\n|HTTP/1.1 100 C\r\n\r\n|\xff".split(
    "|",
  ),
  ..."Content-Length: 5\r\n|content-length : 5, 5\n|Content-Length: 6\r\n|RTSP/1.0 200 OK\r\n\r\n|Content-Length: 99999999999999999999\r\n|Transfer-Encoding: chunked\r\n|Trailer: x\r\n".split(
    "|",
  ),
  "y".repeat(90_000),
  ..."Foo Bar: x\r\n|: x\r\n|no colon\r\n|\r\n folded|Location: /x\r\n|Transfer-Encoding: gzip\r\n".split(
    "|",
  ),
];
const WANTED = [
  { codes: [], body: "" },
  { codes: [200], body: "" },
  { codes: [], body: "hello" },
  { codes: [404], body: "hel" },
];
const PROPER_CODES = ["L7RSP", "L7STS"];

test("fuzz: answers: HTTP, mangled and cut anywhere, has one verdict", () => {
  fuzz(
    "HTTP",
    fc.tuple(inPieces(mutated(HTTP, HTTP_WORDS)), fc.constantFrom(...WANTED)),
    ([answer, { codes, body }]) => {
      expectOneVerdict(
        answer,
        () => new HttpConversation(Buffer.from("GET / HTTP/1.1\r\n\r\n"), { codes, body: Buffer.from(body) }),
      );
    },
  );
});

test("fuzz: answers: CONNECT, mangled and cut anywhere, has one verdict and one end", () => {
  const connect = () => new ConnectConversation(Buffer.from("CONNECT"), new Secrets([]));
  fuzz("CONNECT", inPieces(mutated(HTTP, HTTP_WORDS)), (answer) => {
    expectOneVerdict(answer, connect);
    expect(takenOf(connect(), answer.pieces)).toBe(takenOf(connect(), [answer.whole]));
  });
});

/** Bytes that belong to an answer that opens a tunnel; undefined for any other. */
function takenOf(talk: ConnectConversation, pieces: readonly Uint8Array[]): number | undefined {
  let taken = 0;
  for (const piece of pieces) {
    const verdict = talk.received(piece);
    expect(talk.takenBytes).toBeLessThanOrEqual(piece.length);
    taken += talk.takenBytes;
    if (verdict !== undefined) return verdict.ok ? taken : undefined;
  }
  return undefined;
}

/**
 * Responses that llhttp reads otherwise: a bare CR ends a line, a line of blanks alone may end a head, a tab or comma at the end belongs to the value,
 * and numbers may have 64 bits.
 */
const READ_OTHERWISE = /\r(?!\n)|\n[ \t]|[\t,]\r?\n|[0-9a-f]{14}/i;
/** We take only HTTP/1, 16 interim answers and chunks that end as they should. */
const STRICTER = /^(?:invalid status line|more than 16 interim answers|no line break after a chunk)/;
/** Responses that both must reject. Everything else that llhttp rejects has a line that this server ignores. */
const FRAMING = /^(?:Invalid character in chunk size|Chunk size overflow)/;

test("fuzz: answers: HTTP, mangled, has the status and body that llhttp sees", () => {
  let agreed = 0;
  fuzz("HTTP beside llhttp", mutated(HTTP, HTTP_WORDS), (answer) => {
    if (READ_OTHERWISE.test(Buffer.from(answer).toString("latin1"))) return;
    const theirs = llhttp(answer);
    const ours = readAnswer(answer);
    if (theirs.fault === undefined) {
      if (ours.fault !== undefined && STRICTER.test(ours.fault)) return;
      // Trailers mean nothing to us, so an answer may have ended without them.
      expect({ ...ours, ended: theirs.ended }).toEqual(theirs);
      expect(ours.ended || !theirs.ended).toBe(true);
      agreed++;
    } else if (FRAMING.test(theirs.fault)) expect(ours).not.toMatchObject({ fault: undefined, ended: true });
  });
  expect(agreed).toBeGreaterThan(0);
});

function readAnswer(answer: Uint8Array): SecondOpinion {
  let statusCode: number | undefined;
  let body = "";
  const reader = new AnswerReader({
    head: (head) => {
      statusCode = head.statusCode;
      return true;
    },
    body: (data) => {
      body += Buffer.from(data).toString("latin1");
      return true;
    },
  });
  const fault = reader.read(answer);
  if (fault === undefined) reader.close();
  return { statusCode, body, ended: reader.ended, fault: typeof fault === "object" ? fault.problem : fault };
}

test("fuzz: answers: bytes that are compared with a prefix have one verdict", () => {
  const answers = mutated(latin1("220 ready\r\n", ""), ["220", "\0", "\xff", "\n"]);
  fuzz(
    "TCP",
    fc.tuple(inPieces(answers), fc.constantFrom("", "220 ", "220 ready\r\nmore")),
    ([answer, expected]) => {
      expectOneVerdict(answer, () => new PrefixConversation(undefined, Buffer.from(expected)));
    },
  );
});

test("fuzz: answers: a mangled datagram that is compared with a prefix has one verdict, as startsWith has it", () => {
  const answers = mutated(latin1("pong\0\xff and more", "pong", ""), ["pong", "po", "\0", "\xff", "\x1b"]);
  fuzz(
    "UDP",
    fc.tuple(answers, fc.constantFrom("", "p", "pong", "pong\0\xff", "\0")),
    ([answer, expected]) => {
      const verdict = validateDatagram(answer, Buffer.from(expected, "latin1"));
      expect(verdict.ok).toBe(Buffer.from(answer).toString("latin1").startsWith(expected));
      if (!verdict.ok) expect(verdict.code).toBe("L7RSP");
      expect(verdict.message).toMatch(/^[\x20-\x7e…]{1,512}$/);
    },
  );
});

const RADIUS_SECRET = Buffer.from("xyzzy5461");
const RADIUS_ID = { identifier: 0x41, authenticator: Buffer.alloc(16, 0x7f) };
const HELLO = attributeOf(18, Buffer.from("hello\x1b\xff", "latin1"));

test("fuzz: answers: a mangled RADIUS packet is never believed, and an unchanged one always", () => {
  const good = [
    {},
    { code: 3, attributes: HELLO },
    { code: 11, signed: true, attributes: HELLO },
    { padding: 4 },
  ].map((reply) => replyTo(RADIUS_ID, RADIUS_SECRET, reply));
  const mangled = mutated(good, ["\0", "\x12\x02", "\x50\x12", "\x02\x41\0\x14", "\xff"]);
  fuzz("RADIUS", mangled, (bytes) => {
    const answer = readRadiusAnswer(bytes, RADIUS_SECRET, RADIUS_ID);
    const length = bytes.length < 20 ? 0 : Buffer.from(bytes).readUInt16BE(2);
    const isWhole = good.some((one) =>
      one.subarray(0, one.readUInt16BE(2)).equals(bytes.subarray(0, length)),
    );
    expect(answer.kind).toBe(isWhole ? "answer" : "stray");
    if (answer.kind === "stray") expect(answer.problem).toMatch(/^[\x20-\x7e]{1,200}$/);
  });
});

test("fuzz: answers: any attributes of an authentic RADIUS packet have one verdict", () => {
  const attributes = mutated(
    [HELLO, Buffer.concat([HELLO, HELLO])],
    ["\x12\x01", "\0\0", "\x50\x02", "\x50\x12", "\xff"],
  );
  const code = fc.integer({ min: 0, max: 255 });
  const expected = fc.constantFrom(...EXPECTATIONS, undefined);
  fuzz("RADIUS attributes", fc.tuple(code, attributes, expected), ([code, bytes, expectation]) => {
    if (bytes.length > 4_000) return;
    const packet = replyTo(RADIUS_ID, RADIUS_SECRET, { code, attributes: Buffer.from(bytes) });
    const answer = readRadiusAnswer(packet, RADIUS_SECRET, RADIUS_ID);
    if (answer.kind === "stray") return;
    const verdict = validateRadiusAnswer(answer, expectation, new Secrets([]));
    if (!verdict.ok) expect(verdict.code).toMatch(/^L7(?:RSP|STS)$/);
    expect(verdict.message).toMatch(/^[\x20-\x7e…]{1,512}$/);
  });
});

const QUESTION: Question = { id: 4_711, name: ASKED, type: "A" };
const QUERY = reply(Buffer.from([QUESTION.id >> 8, QUESTION.id & 0xff]), { type: "query", answers: [] });
const ALIAS = { type: "CNAME" as const, name: ASKED, ttl: 60, data: "other.test" };
const DNS = [
  reply(QUERY),
  reply(QUERY, { answers: [ALIAS, { ...ADDRESS, name: "other.test" }] }),
  reply(QUERY, {
    answers: [
      { type: "TXT", name: ASKED, ttl: 1, data: "v=spf1 -all" },
      { type: "MX", name: ASKED, ttl: 1, data: { preference: 1, exchange: "mx.test" } },
      { type: "SRV", name: ASKED, ttl: 1, data: { port: 1, target: "srv.test" } },
      { type: "CAA", name: ASKED, ttl: 1, data: { tag: "issue", value: "ca.test", flags: 0 } },
      { type: "AAAA", name: ASKED, ttl: 1, data: "2001:db8::1" },
      { type: "NS", name: ASKED, ttl: 1, data: "ns.test" },
      { type: "PTR", name: ASKED, ttl: 1, data: "host.test" },
      { type: "SOA", name: ASKED, ttl: 1, data: { mname: "ns.test", rname: "admin.test", serial: 1 } },
    ],
    additionals: [optRecord(4_096)],
  }),
  // A long chain of pointers, each to the one before, and a record that begins at its end.
  rawReply(
    QUERY,
    [
      0xc0,
      12,
      0xff,
      1,
      0,
      1,
      0,
      0,
      0,
      0,
      0,
      20,
      0,
      ...Array.from({ length: 9 }, (_, at) => [0xc0, 46 + at * 2]).flat(),
      0,
      0xc0,
      64,
    ],
    2,
  ),
];
const DNS_WORDS = [
  "\xc0",
  "\xc0\x0c",
  "\0",
  "\xff\xff",
  "\0\x01\0\x01",
  "\0\x29",
  "\x3f",
  "\0\x05",
  "\0\x2f\0\x01",
  "\0\x40\0\x01",
];
const TYPES = fc.constantFrom(...QUERY_TYPES);
const OPTIONS = fc.constantFrom(
  USUAL_QUESTION,
  { ...USUAL_QUESTION, ednsBytes: 1_232 },
  { ...USUAL_QUESTION, recursionDesired: false, ednsBytes: 512 },
  { ...USUAL_QUESTION, queryClass: "CH" as const },
);
const EXPECTED_WORDS = [
  " ",
  "10",
  "0",
  "65536",
  ".",
  "a.test.",
  "\\.",
  "\\007",
  "\\",
  "::1",
  "192.0.2.1",
  "issue",
  '"',
  "é",
];
const DNS_WANTED = [
  wanting(),
  wanting(["192.0.2.1"]),
  wanting([], ["NXDOMAIN"]),
  wanting([], ["NOERROR", "RCODE15"]),
];

test("fuzz: answers: mangled DNS is an answer, a truncated one or a stray, decided in bounded time", () => {
  fuzz("DNS", fc.tuple(mutated(DNS, DNS_WORDS), TYPES, OPTIONS), ([bytes, type, options]) => {
    const question = { ...QUESTION, type, options };
    const read = readReply(bytes, encodeQuestion(question), question);
    expect(["answer", "truncated", "stray", "malformed"]).toContain(read.kind);
    if (read.kind !== "answer") return;
    for (const wanted of DNS_WANTED) {
      const { message } = validateAnswer(read, wanted, question.options.ednsBytes !== undefined);
      expect(message).not.toMatch(/undefined|NaN|\[object/);
      expect(message).toMatch(/^[\x20-\x7e…]{1,512}$/);
    }
  });
});

test("fuzz: answers: a record equals what master files have for it, and any text is an expectation or none", () => {
  const words = fc.array(fc.oneof(fc.string(), fc.constantFrom(...EXPECTED_WORDS)), { maxLength: 6 });
  fuzz("expected records", fc.tuple(words, TYPES), ([parts, type]) => {
    const record = readExpected(type, parts.join(""));
    if (record === undefined) return;
    expect(record.shown).toMatch(/^[\x20-\x7e…]{1,80}$/);
    // What is compared is a form that stays: for TXT any text is its own.
    if (type !== "TXT" && type !== "CAA") expect(readExpected(type, record.key)?.key).toBe(record.key);
  });
});

test("fuzz: answers: DNS over TCP, mangled and cut anywhere, has one verdict", () => {
  fuzz("DNS over TCP", inPieces(mutated(DNS.map(framed), DNS_WORDS)), (answer) => {
    expectOneVerdict(answer, () => new DnsTcpConversation(encodeQuestion(QUESTION), QUESTION));
  });
});

/** Whole or in pieces, the same state and code. */
function expectOneVerdict(
  { whole, pieces }: { whole: Uint8Array; pieces: readonly Uint8Array[] },
  begin: () => Conversation,
): void {
  const [first, second] = [verdictOf(begin(), [whole]), verdictOf(begin(), pieces)];
  expect(kind(second)).toBe(kind(first));
  if (!first.ok) expect(PROPER_CODES).toContain(first.code);
  expect(first.message).not.toBe("");
}

function kind(verdict: Verdict): string {
  return verdict.ok ? "ok" : verdict.code;
}

function verdictOf(talk: Conversation, pieces: readonly Uint8Array[]): Verdict {
  for (const piece of pieces) {
    const verdict = talk.received(piece);
    if (verdict !== undefined) return verdict;
  }
  expect(typeof talk.progress()).toBe("string");
  return talk.closed();
}
