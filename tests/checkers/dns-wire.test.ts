/** DNS messages taken apart: what is malformed, and what is none of a check's business. */
import { expect, test } from "bun:test";
import { type Answer, encode, TRUNCATED_RESPONSE } from "dns-packet";
import { readMessage } from "../../src/checkers/dns-wire.ts";
import type { QueryType } from "../../src/model/spec.ts";

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
const found = (bytes: Buffer, type: QueryType = "A") =>
  readMessage(bytes, type).answers.map((answer) => ("data" in answer ? answer.data : answer.type));

test("dns wire: an address is read", () => {
  expect(found(message({ answers: [A] }))).toEqual(["192.0.2.1"]);
});

test.each([0, 1, 11])("dns wire: %i bytes are no message", (length) => {
  expect(() => readMessage(message({ answers: [A] }).subarray(0, length), "A")).toThrow(
    "it is shorter than a header",
  );
});

test.each<[name: string, type: QueryType, bad: number[], why: string]>([
  ["an address of 5 bytes", "A", record(1, [...ADDRESS, 0]), "a record of type A has 5 bytes of data"],
  ["an address of 3 bytes", "A", record(1, ADDRESS.slice(1)), "a record of type A has 3 bytes of data"],
  ["an address of no bytes", "A", record(1, []), "a record of type A has 0 bytes of data"],
  ["a length behind the end", "A", record(1, ADDRESS, IN, 400), "a record goes on behind its end"],
  ["a record without its head", "A", A.slice(0, 8), "a record goes on behind its end"],
  ["a name behind the end", "A", [63, 97], "a record goes on behind its end"],
  ["a label of no known kind", "A", [0x80, ...A], "a name has a bad label"],
  ["a short IPv6 address", "AAAA", record(28, ADDRESS), "a record of type AAAA has 4 bytes of data"],
  ["an alias and more", "A", record(5, [1, 97, 0, 0]), "a record of type CNAME has 4 bytes of data"],
  ["a name server and more", "NS", record(2, [...POINTER, 0]), "a record of type NS has 3 bytes of data"],
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
  expect(() => readMessage(message({ answers: [bad] }, type), type)).toThrow(why);
});

test.each<[name: string, type: QueryType, bad: number[]]>([
  ["a text beyond its record", "TXT", record(16, [9, 97])],
  ["an alias of no bytes", "A", record(5, [])],
  ["an alias beyond its record", "A", record(5, [3, 97])],
  ["an alias that points forwards", "A", record(5, [0xc0, 200])],
  ["half a zone", "SOA", record(6, Array(21).fill(0))],
  ["half a CAA record", "CAA", record(257, [0])],
  ["a CAA record of no bytes", "CAA", record(257, [])],
])("dns wire: malformed, as the decoder says: %s", (_name, type, bad) => {
  expect(() => readMessage(message({ answers: [bad, A] }, type), type)).toThrow();
});

test("dns wire: malformed: two questions, or a record that is promised only", () => {
  const questions = [
    { type: "A" as const, name: NAME },
    { type: "A" as const, name: NAME },
  ];
  expect(() => readMessage(encode({ type: "response", questions }), "A")).toThrow("it has 2 questions");
  const promising = message({ answers: [A], additionals: [A] }).subarray(0, -A.length);
  expect(() => readMessage(promising, "A")).toThrow("a record goes on behind its end");
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
    expect(readMessage(whole.subarray(0, whole.length - cut), "A")).toMatchObject({
      head: { flag_tc: true },
      answers: [],
    });
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

test.each(Object.entries(TYPICAL))(
  "dns wire: a record of type %s is read beside an alias",
  (_name, answer) => {
    // The key of a record is its type.
    const type = answer.type as QueryType;
    const alias: Answer = { type: "CNAME", name: NAME, data: "other.example" };
    const bytes = encode({ type: "response", questions: [{ type, name: NAME }], answers: [alias, answer] });
    expect(readMessage(bytes, type).answers.map((one) => one.type)).toEqual(["CNAME", type]);
  },
);

test("dns wire: names in the data may be pointers", () => {
  expect(found(message({ answers: [record(15, [0, 1, ...POINTER])] }, "MX"), "MX")).toEqual([
    { preference: 1, exchange: NAME },
  ]);
  expect(
    found(message({ answers: [record(33, [0, 1, 0, 1, 0, 1, ...POINTER])] }, "SRV"), "SRV"),
  ).toMatchObject([{ target: NAME }]);
  expect(found(message({ answers: [record(2, POINTER)] }, "NS"), "NS")).toEqual([NAME]);
});
