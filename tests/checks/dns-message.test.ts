/** DNS on the wire, and which answers are good. */
import { expect, test } from "bun:test";
import {
  type Answer,
  AUTHORITATIVE_ANSWER,
  decode,
  encode,
  type Packet,
  TRUNCATED_RESPONSE,
} from "dns-packet";
import fc from "fast-check";
import { type AnswerVerdict, validateAnswer } from "../../src/checks/dns/message.ts";
import { encodeQuestion, type Question, type Reply, readReply } from "../../src/checks/dns/wire.ts";
import { wanting } from "../harness/fakes/fakes.ts";

const QUESTION: Question = { id: 4_711, name: "www.example.com", type: "A" };
const ASKED = { type: "A" as const, name: "www.example.com" };
/** The opcode has four bits behind the first (RFC 1035, 4.1.1). */
const NOTIFY = 4 << 11;
const A: Answer = { type: "A", name: "www.example.com", ttl: 60, data: "192.0.2.1" };

function cname(name: string, data: string): Answer {
  return { type: "CNAME", name, ttl: 60, data };
}

function reply(changes: Partial<Packet> = {}): Buffer {
  return encode({
    type: "response",
    id: QUESTION.id,
    flags: AUTHORITATIVE_ANSWER,
    questions: [ASKED],
    answers: [A],
    ...changes,
  });
}

function read(bytes: Uint8Array, question: Question = QUESTION): Reply {
  return readReply(bytes, encodeQuestion(question), question);
}

/** Validates a message that must be an answer. */
function validateReply(
  bytes: Uint8Array,
  expectedIps: readonly string[] = [],
  question = QUESTION,
): AnswerVerdict {
  const found = read(bytes, question);
  if (found.kind !== "answer") throw new Error(`not an answer: ${JSON.stringify(found)}`);
  return validateAnswer(found, wanting(expectedIps));
}

function validate(
  answers: readonly Answer[],
  expectedIps: readonly string[] = [],
  question: Question = QUESTION,
): string {
  const { type, name } = question;
  const bytes = reply({ id: question.id, questions: [{ type, name }], answers: [...answers] });
  const { ok, message } = validateReply(bytes, expectedIps, question);
  return `${ok ? "ok" : "failed"} ${message}`;
}

test("dns: asks one question, recursion desired", () => {
  const packet = decode(encodeQuestion(QUESTION));
  expect(packet).toMatchObject({ type: "query", id: 4_711, flag_rd: true });
  expect(packet.questions?.map(({ name, type }) => [name, type])).toEqual([["www.example.com", "A"]]);
});

test("dns: the root is queried with one zero byte, and its records are distinguished from others", () => {
  const question: Question = { id: 1, name: ".", type: "NS" };
  expect([...encodeQuestion(question).subarray(12)]).toEqual([0, 0, 2, 0, 1]);
  const root: Answer = { type: "NS", name: ".", data: "a.root.example" };
  const other: Answer = { type: "NS", name: "example", data: "ns.example" };
  expect(validate([other, root], [], question)).toBe("ok answered a.root.example");
});

test("dns: reads an answer", () => {
  const found = read(reply(), QUESTION);
  expect(found).toMatchObject({
    kind: "answer",
    rcode: "NOERROR",
    records: [{}],
  });
});

test("dns: names are the same in any case, with or without the last dot", () => {
  const questions = [{ type: "A" as const, name: "WWW.Example.COM" }];
  expect(read(reply({ questions }), { ...QUESTION, name: "www.EXAMPLE.com" }).kind).toBe("answer");
  expect(validate([{ ...A, name: "WWW.EXAMPLE.COM" }])).toBe("ok answered 192.0.2.1");
});

test.each([
  ["another id", reply({ id: 4_712 }), "an answer with another id"],
  [
    "another name",
    reply({ questions: [{ type: "A", name: "www.example.org" }] }),
    "an answer to another question",
  ],
  [
    "another type",
    reply({ questions: [{ type: "AAAA", name: "www.example.com" }] }),
    "an answer to another question",
  ],
  [
    "another class",
    reply({ questions: [{ type: "A", name: "www.example.com", class: "CH" }] }),
    "an answer to another question",
  ],
  ["no question", reply({ questions: [] }), "an answer to another question"],
  ["two questions", reply({ questions: [ASKED, ASKED] }), "a malformed message (it has 2 questions)"],
  ["another opcode", reply({ flags: NOTIFY }), "an answer with opcode NOTIFY"],
  ["a question", encodeQuestion(QUESTION), "a message that is not an answer"],
])("dns: a message with %s is a stray", (_name, bytes, why) => {
  expect(read(bytes, QUESTION)).toEqual({ kind: "stray", why });
});

test("dns: an answer that did not fit is truncated", () => {
  expect(read(reply({ flags: TRUNCATED_RESPONSE, answers: [] }), QUESTION)).toEqual({
    kind: "truncated",
  });
});

test("dns: a refusal may leave the question out", () => {
  // The response code is the last four bits of the flags: 3 is NXDOMAIN, 5 is REFUSED.
  expect(read(reply({ flags: 3, answers: [] }), QUESTION)).toMatchObject({
    kind: "answer",
    rcode: "NXDOMAIN",
  });
  expect(read(reply({ flags: 5, questions: [], answers: [] }), QUESTION)).toMatchObject({
    kind: "answer",
    rcode: "REFUSED",
  });
});

test("dns: a response code is not the wanted answer", () => {
  const codes = { NXDOMAIN: 3, SERVFAIL: 2, RCODE12: 12 };
  for (const [name, flags] of Object.entries(codes)) {
    expect(validateReply(reply({ flags }))).toEqual({ ok: false, message: `answered ${name}` });
  }
});

test("dns: aliases are followed, in whatever order", () => {
  const chain = [
    cname("www.example.com", "a.example.net"),
    cname("a.example.net", "B.example.net"),
    { ...A, name: "b.example.net" },
  ];
  expect(validate(chain)).toBe("ok answered 192.0.2.1");
  expect(validate(chain.toReversed(), ["192.0.2.1"])).toBe("ok answered 192.0.2.1");
});

test("dns: aliases in a circle lead nowhere", () => {
  const circle = [cname("www.example.com", "a.example.net"), cname("a.example.net", "www.example.com")];
  expect(validate(circle)).toBe("failed answered without any %TYPES% record, only aliases in a loop");
});

test("dns: records of other names and types are no answer", () => {
  expect(validate([{ ...A, name: "www.example.org" }])).toBe("failed answered without any %TYPES% record");
  expect(validate([A], [], { ...QUESTION, type: "AAAA" })).toBe("failed answered without any %TYPES% record");
  expect(validate([])).toBe("failed answered without any %TYPES% record");
});

test("dns: one of the expected addresses must be among those answered", () => {
  const two = [A, { ...A, data: "192.0.2.2" }];
  expect(validate(two, ["192.0.2.2", "192.0.2.9"])).toBe("ok answered 192.0.2.1, 192.0.2.2");
  expect(validate(two, ["192.0.2.8", "192.0.2.9"])).toBe(
    "failed answered 192.0.2.1, 192.0.2.2, expected 192.0.2.8 or 192.0.2.9",
  );
});

test("dns: IPv6 addresses are compared in their shortest form", () => {
  const answer: Answer = { type: "AAAA", name: "www.example.com", ttl: 60, data: "2001:DB8:0:0:0:0:0:1" };
  expect(validate([answer], ["2001:db8::1"], { ...QUESTION, type: "AAAA" })).toBe("ok answered 2001:db8::1");
});

test("dns: of many records a few are named", () => {
  const many = Array.from({ length: 9 }, (_, index): Answer => ({ ...A, data: `192.0.2.${index}` }));
  expect(validate(many)).toBe("ok answered 192.0.2.0, 192.0.2.1, 192.0.2.2, 192.0.2.3 and 5 more");
});

test("dns: other types of records are shown", () => {
  const mx: Answer = {
    type: "MX",
    name: "example.com",
    ttl: 60,
    data: { preference: 10, exchange: "mx.example.com" },
  };
  expect(validate([mx], [], { id: 1, name: "example.com", type: "MX" })).toBe(
    "ok answered 10 mx.example.com",
  );
});

test("dns: text records are shown as text, printable whatever they hold", () => {
  const question: Question = { id: 4_711, name: "example.com", type: "TXT" };
  const txt = (data: string | string[]): Answer => ({ type: "TXT", name: "example.com", ttl: 60, data });
  expect(validate([txt("v=spf1 -all")], [], question)).toBe('ok answered "v=spf1 -all"');
  const odd = validate([txt('a"\\\x1b[2J\x7f\u0085\u202e'), txt(["x".repeat(200), "y"])], [], question);
  expect(odd).toMatch(/^[\x20-\x7e…]+$/);
  expect(odd).toStartWith(String.raw`ok answered "a\"\\\027[2J\127`);
  expect(odd).toEndWith(`, "${"x".repeat(59)}…`);
});

test.each([
  ["empty", []],
  ["cut short", [...reply().subarray(0, 30)]],
  ["an address cut short", [...reply().subarray(0, -1)]],
  [
    "a name that points to itself",
    [...reply({ answers: [], questions: [] }).subarray(0, 4), 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1],
  ],
  [
    "two names that point to each other",
    [
      ...reply({ answers: [], questions: [] }).subarray(0, 4),
      0,
      1,
      0,
      0,
      0,
      0,
      0,
      0,
      0xc0,
      14,
      0xc0,
      12,
      0,
      1,
      0,
      1,
    ],
  ],
])("dns: a malformed message is a stray: %s", (_name, bytes) => {
  expect(["stray", "malformed"]).toContain(read(Uint8Array.from(bytes), QUESTION).kind);
});

test("dns: a message with too many records is not decoded", () => {
  const many = reply({ answers: Array.from({ length: 1_001 }, () => A) });
  expect(read(many, QUESTION)).toEqual({
    kind: "malformed",
    why: "a malformed message (it declares 1001 records, limit 1000)",
  });
  expect(read(reply({ answers: Array.from({ length: 1_000 }, () => A) }), QUESTION).kind).toBe("answer");
});

test("dns: no bytes make it throw or hang", () => {
  const good = [
    reply(),
    reply({ answers: [cname("www.example.com", "a.example.net"), { ...A, name: "a.example.net" }] }),
  ];
  const mutated = fc.record({
    base: fc.constantFrom(...good),
    changes: fc.array(fc.tuple(fc.nat(), fc.oneof(fc.constant(0xc0), fc.nat({ max: 255 }))), {
      maxLength: 8,
    }),
    length: fc.nat({ max: 120 }),
  });
  const anyBytes = fc.oneof(
    fc.uint8Array({ maxLength: 120 }),
    mutated.map(({ base, changes, length }) => {
      const bytes = Uint8Array.from(base);
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      return bytes.subarray(0, Math.max(12, length));
    }),
  );
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      const found = read(bytes, QUESTION);
      if (found.kind === "answer") validateAnswer(found, wanting(["192.0.2.1"]));
      expect(["answer", "truncated", "stray", "malformed"]).toContain(found.kind);
    }),
    { numRuns: 1_000 },
  );
});
