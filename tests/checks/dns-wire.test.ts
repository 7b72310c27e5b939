/** DNS messages taken apart: malformed ones, and strays. */
import { expect, test } from "bun:test";
import { type Answer, encode, TRUNCATED_RESPONSE } from "dns-packet";
import fc from "fast-check";
import { DnsNames, nameText } from "../../src/checks/dns/names.ts";
import type { QueryType } from "../../src/checks/dns/spec.ts";
import { encodeQuestion, type Reply, readReply } from "../../src/checks/dns/wire.ts";
import { canonicalIp } from "../../src/system/sockaddr.ts";
import { times } from "../harness/client/checks.ts";

const NAME = "www.example.com";
/** The name in the question, behind the header. */
const POINTER = [0xc0, 12];
const ADDRESS = [192, 0, 2, 1];
const OPT = 41;
const RRSIG = 46;
const [IN, CH] = [1, 3];

/** A record with any data and any length. */
function record(type: number, data: readonly number[], klass = IN, length = data.length): number[] {
  return [...POINTER, ...u16(type), ...u16(klass), ...u16(0), ...u16(60), ...u16(length), ...data];
}

function u16(value: number): number[] {
  return [value >> 8, value & 0xff];
}

interface Sections {
  readonly answers?: readonly number[][];
  readonly authorities?: readonly number[][];
  readonly additionals?: readonly number[][];
}

/** An answer to a question of one type. */
function message(
  { answers = [], authorities = [], additionals = [] }: Sections,
  type: QueryType = "A",
): Buffer {
  const head = encode({ type: "response", id: 1, questions: [{ type, name: NAME }] });
  [answers, authorities, additionals].forEach((records, index) => {
    head.writeUInt16BE(records.length, 6 + index * 2);
  });
  return Buffer.concat([head, Uint8Array.from([answers, authorities, additionals].flat(2))]);
}

const A = record(1, ADDRESS);

function read(bytes: Uint8Array, type: QueryType = "A"): Reply {
  return readReply(bytes, encodeQuestion({ id: 1, name: NAME, type }), { type });
}

/** The records found; why, when the message is malformed. */
function found(bytes: Uint8Array, type: QueryType = "A"): readonly string[] | string {
  const reply = read(bytes, type);
  if (reply.kind === "answer") return reply.records.map(({ text }) => text());
  return "why" in reply ? reply.why : reply.kind;
}

const malformed = (why: string) => `a malformed message (${why})`;

test("dns wire: an address is read", () => {
  expect(found(message({ answers: [A] }))).toEqual(["192.0.2.1"]);
});

test.each([0, 1, 11])("dns wire: %i bytes are no message", (length) => {
  expect(found(message({ answers: [A] }).subarray(0, length))).toBe(
    malformed(`${length} bytes, shorter than a header`),
  );
});

test.each<[name: string, type: QueryType, bad: number[], why: string]>([
  ["an address of 5 bytes", "A", record(1, [...ADDRESS, 0]), "a record of type A has 5 bytes of data"],
  ["an address of 3 bytes", "A", record(1, ADDRESS.slice(1)), "a record of type A has 3 bytes of data"],
  ["an address of no bytes", "A", record(1, []), "a record of type A has 0 bytes of data"],
  [
    "a length behind the end",
    "A",
    record(1, ADDRESS, IN, 400),
    "a record extends past the end of the message",
  ],
  ["a record without its head", "A", A.slice(0, 8), "a record extends past the end of the message"],
  ["a name behind the end", "A", [63, 97], "a name extends past the end of the message"],
  ["a label of no known kind", "A", [0x80, ...A], "a name has a label of unknown kind"],
  ["a short IPv6 address", "AAAA", record(28, ADDRESS), "a record of type AAAA has 4 bytes of data"],
  ["an alias and more", "A", record(5, [1, 97, 0, 0]), "a record of type CNAME has 4 bytes of data"],
  ["a nameserver and more", "NS", record(2, [...POINTER, 0]), "a record of type NS has 3 bytes of data"],
  ["a mail server and more", "MX", record(15, [0, 1, 0, 0]), "a record of type MX has 4 bytes of data"],
  [
    "a service and more",
    "SRV",
    record(33, [0, 1, 0, 1, 0, 1, 0, 0]),
    "a record of type SRV has 8 bytes of data",
  ],
  ["a zone and more", "SOA", record(6, Array(23).fill(0)), "a record of type SOA has 23 bytes of data"],
  ["a tag beyond its record", "CAA", record(257, [0, 9, 97]), "a record of type CAA has 3 bytes of data"],
])("dns wire: malformed: %s", (_name, type, bad, why) => {
  expect(found(message({ answers: [bad] }, type), type)).toBe(malformed(why));
});

test.each<[name: string, type: QueryType, bad: number[]]>([
  ["a name that is too long", "NS", record(2, [...times(127, () => [2, 97, 97]).flat(), 0])],
  ["a text beyond its record", "TXT", record(16, [9, 97])],
  ["an alias of no bytes", "A", record(5, [])],
  ["an alias beyond its record", "A", record(5, [3, 97])],
  ["an alias that points forwards", "A", record(5, [0xc0, 200])],
  ["half a zone", "SOA", record(6, Array(21).fill(0))],
  ["half a CAA record", "CAA", record(257, [0])],
  ["a CAA record of no bytes", "CAA", record(257, [])],
])("dns wire: malformed: %s; a good record beside it does not save it", (_name, type, bad) => {
  expect(read(message({ answers: [bad, A] }, type), type)).toMatchObject({ kind: "malformed" });
});

test("dns wire: malformed: two questions, or a record that is promised only", () => {
  const questions = [
    { type: "A" as const, name: NAME },
    { type: "A" as const, name: NAME },
  ];
  expect(found(encode({ type: "response", id: 1, questions }))).toBe(malformed("it has 2 questions"));
  const promising = message({ answers: [A], additionals: [A] }).subarray(0, -A.length);
  expect(found(promising)).toBe(malformed("a name extends past the end of the message"));
});

test("dns wire: a record of another class is no answer, whatever its data", () => {
  expect(found(message({ answers: [record(1, ADDRESS, CH)] }))).toEqual([]);
  expect(found(message({ answers: [record(1, [0, 1, 2], CH), A] }))).toEqual(["192.0.2.1"]);
});

test("dns wire: records that cannot be the answer are passed over by their length", () => {
  const odd = [
    record(RRSIG, [0, 1, ...Array(30).fill(120)]),
    record(RRSIG, []),
    record(16, [9]),
    record(65_280, Array(300).fill(0xff)),
  ];
  expect(found(message({ answers: [...odd, A, ...odd] }))).toEqual(["192.0.2.1"]);
  expect(found(message({ answers: [A], authorities: odd, additionals: odd }))).toEqual(["192.0.2.1"]);
});

test("dns wire: with EDNS the size in the class's place and any options are no matter", () => {
  const option = (code: number, data: number[]) => [...u16(code), ...u16(data.length), ...data];
  const options = [
    option(8, [0, 7, 24, 0, 192, 0, 2]),
    option(8, [0, 1]),
    option(11, []),
    option(65_001, [1]),
    [0, 15, 0, 200],
  ];
  for (const data of [[], ...options]) {
    const opt = [0, ...record(OPT, data, 1_232).slice(POINTER.length)];
    expect(found(message({ answers: [A], additionals: [opt] }))).toEqual(["192.0.2.1"]);
  }
});

test("dns wire: addresses in other sections are no answer", () => {
  expect(found(message({ authorities: [A], additionals: [A] }))).toEqual([]);
});

test("dns wire: what follows the message is not looked at", () => {
  expect(found(Buffer.concat([message({ answers: [A] }), Buffer.from("more")]))).toEqual(["192.0.2.1"]);
});

test("dns wire: a truncated message may end anywhere behind its question", () => {
  const whole = message({ answers: [A, A] });
  whole.writeUInt16BE(0x8000 | TRUNCATED_RESPONSE, 2);
  for (let cut = 0; cut <= A.length * 2; cut++) {
    expect(read(whole.subarray(0, whole.length - cut))).toEqual({ kind: "truncated" });
  }
});

const TYPICAL: Readonly<Record<QueryType, Answer>> = {
  A: { type: "A", name: NAME, data: "192.0.2.1" },
  AAAA: { type: "AAAA", name: NAME, data: "2001:db8::1" },
  CAA: { type: "CAA", name: NAME, data: { tag: "issue", value: "ca.example", flags: 0 } },
  CNAME: { type: "CNAME", name: NAME, data: "other.example" },
  MX: { type: "MX", name: NAME, data: { preference: 1, exchange: "mx.example" } },
  NS: { type: "NS", name: NAME, data: "ns.example" },
  PTR: { type: "PTR", name: NAME, data: "host.example" },
  SOA: { type: "SOA", name: NAME, data: { mname: "ns.example", rname: "admin.example", serial: 1 } },
  SRV: { type: "SRV", name: NAME, data: { port: 1, target: "srv.example", priority: 1, weight: 1 } },
  TXT: { type: "TXT", name: NAME, data: ["a", "b"] },
};

const SHOWN: Readonly<Record<QueryType, string>> = {
  A: "192.0.2.1",
  AAAA: "2001:db8::1",
  CAA: '0 issue "ca.example"',
  CNAME: "other.example",
  MX: "1 mx.example",
  NS: "ns.example",
  PTR: "host.example",
  SOA: "ns.example admin.example 1",
  SRV: "1 1 1 srv.example",
  TXT: '"ab"',
};

test.each(Object.entries(TYPICAL))(
  "dns wire: a record of type %s, as another program encodes it, is read beside an alias",
  (_name, answer) => {
    // The key of a record is its type.
    const type = answer.type as QueryType;
    const alias: Answer = { type: "CNAME", name: NAME, data: "other.example" };
    const bytes = encode({
      type: "response",
      id: 1,
      questions: [{ type, name: NAME }],
      answers: [alias, answer],
    });
    expect(found(bytes, type)).toEqual(type === "CNAME" ? ["other.example", "other.example"] : [SHOWN[type]]);
  },
);

test("dns wire: IPv6 addresses have the form that expected addresses have", () => {
  const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
  fc.assert(
    fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
      const text = canonicalIp(groups.map((value) => value.toString(16)).join(":"));
      expect(found(message({ answers: [record(28, groups.flatMap(u16))] }, "AAAA"), "AAAA")).toEqual([
        text ?? "",
      ]);
    }),
  );
});

test("dns wire: names in the data may be pointers", () => {
  const ends: [QueryType, number[], string][] = [
    ["MX", record(15, [0, 1, ...POINTER]), "1 www.example.com"],
    ["SRV", record(33, [0, 1, 0, 1, 0, 1, ...POINTER]), "1 1 1 www.example.com"],
    ["NS", record(2, [1, 97, ...POINTER]), "a.www.example.com"],
  ];
  for (const [type, answer, text] of ends)
    expect(found(message({ answers: [answer] }, type), type)).toEqual([text]);
});

test("dns wire: odd bytes in names are escaped, so that different names stay different", () => {
  const odd = record(2, [4, 65, 46, 0, 0xff, 1, 92, 0]);
  expect(found(message({ answers: [odd] }, "NS"), "NS")).toEqual([String.raw`A\.\000\255.\\`]);
});

test("dns wire: a lame server is one that neither owns the name nor looks it up", () => {
  const flags = (bits: number, sections: Sections = {}) => {
    const bytes = message(sections);
    bytes.writeUInt16BE(0x8000 | bits, 2);
    const reply = read(bytes);
    return reply.kind === "answer" && reply.lame;
  };
  expect(flags(0)).toBe(true);
  expect([flags(0x400), flags(0x80), flags(3), flags(0, { additionals: [A] })]).toEqual([
    false,
    false,
    false,
    false,
  ]);
});

/** A message that counts how often one of its bytes is looked at. */
function counted(bytes: Buffer): { readonly message: Buffer; readonly looks: () => number } {
  let looks = 0;
  const message = new Proxy(bytes, {
    get(target, key) {
      if (typeof key === "string" && /^[0-9]+$/.test(key)) looks++;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { message, looks: () => looks };
}

function pointer(target: number): number[] {
  return [0xc0 | (target >> 8), target & 0xff];
}

/** Names that lead into each other: chains of pointers, and labels that share their ends. */
const TANGLES: Readonly<Record<string, { readonly web: number[]; readonly starts: readonly number[] }>> = {
  pointers: {
    web: [0, ...times(7_000, (index) => pointer(Math.max(0, index * 2 - 1))).flat()],
    starts: times(1_000, (index) => 1 + index * 14),
  },
  labels: {
    web: times(60, () => [...times(126, () => [1, 97]).flat(), 0]).flat(),
    starts: times(1_000, (index) => (index % 60) * 253 + (Math.floor(index / 60) % 126) * 2),
  },
};

test.each(Object.entries(TANGLES))(
  "dns wire: however often names lead into each other, each place is decoded once: %s",
  (_name, { web, starts }) => {
    const names = (count: number) => {
      const { message, looks } = counted(Buffer.from(web));
      const read = new DnsNames(message);
      for (const start of starts.slice(0, count)) read.read(start);
      return looks();
    };
    expect(names(starts.length)).toBeLessThan(web.length * 3);
    expect(names(2)).toBeGreaterThan(0);
  },
);

test("dns wire: names have one number when, and only when, they are equal in any case", () => {
  const label = fc.string({ unit: fc.constantFrom("a", "A", "b", "1"), minLength: 1, maxLength: 3 });
  const name = fc.array(label, { maxLength: 4 });
  const bytesOf = (labels: readonly string[]) =>
    Buffer.from([...labels.flatMap((text) => [text.length, ...Buffer.from(text)]), 0]);
  fc.assert(
    fc.property(name, name, (first, second) => {
      const [one, other] = [bytesOf(first), bytesOf(second)];
      const names = new DnsNames(Buffer.concat([one, other]));
      const equal = first.join(".").toLowerCase() === second.join(".").toLowerCase();
      expect(names.read(0) === names.read(one.length)).toBe(equal);
    }),
    { numRuns: 1_000 },
  );
});

test("dns wire: a name follows 127 pointers and no more", () => {
  const chain = (pointers: number) =>
    Buffer.from([0, ...times(pointers, (index) => pointer(Math.max(0, index * 2 - 1))).flat()]);
  const last = (pointers: number) => 1 + (pointers - 1) * 2;
  const long = chain(127);
  expect(new DnsNames(long).read(last(127))).toBe(new DnsNames(long).read(0));
  expect(nameText(long, last(127))).toBe(".");
  expect(() => new DnsNames(chain(128)).read(last(128))).toThrow("more than 127 pointers");
});

test.each([
  [1, "an answer with another id"],
  [2, "a message that is not an answer"],
  [20, "an answer to another question"],
  [encodeQuestion({ id: 1, name: NAME, type: "A" }).length - 1, "an answer to another question"],
])("dns wire: a stray is known by its head, before anything of it is decoded: byte %i", (at, why) => {
  const bad = record(5, [0xc0, 200]);
  expect(found(message({ answers: [bad] }))).toBe(malformed("a name points forward"));
  const stray = message({ answers: [bad] });
  stray[at] = 0x7f;
  expect(found(stray)).toBe(why);
});
