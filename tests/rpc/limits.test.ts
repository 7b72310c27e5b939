/** Bytes that are not gob, or too large: each ends in one error that names the place, before much memory is taken. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { GobDecoder, MAX_DEPTH, MAX_VALUES } from "../../src/rpc/gob-decoder.ts";
import { GobEncoder, GobWriter, gobInt, gobSlice, gobString, gobStruct } from "../../src/rpc/gob-encoder.ts";
import { GobError } from "../../src/rpc/gob-error.ts";
import { MAX_KEPT_BYTES, MAX_MESSAGE_BYTES } from "../../src/rpc/gob-input.ts";
import { MAX_FIELDS, MAX_TYPES } from "../../src/rpc/gob-types.ts";
import { GobLongBytes, type GobValue } from "../../src/rpc/gob-values.ts";
import { decodeValues } from "../harness/engine/conversation.ts";

// Two million values, on a busy machine.
setDefaultTimeout(60_000);

const bytes = (hex: string) => Uint8Array.fromHex(hex.replace(/\s/g, ""));

/** The message of the error of a stream. */
function errorOf(stream: Uint8Array): string {
  try {
    decodeValues(stream);
  } catch (error) {
    if (error instanceof GobError) return error.message;
    throw error;
  }
  return "no error";
}

/** A message with its length. */
function message(write: (out: GobWriter) => void): Uint8Array {
  const [out, body] = [new GobWriter(), new GobWriter()];
  write(body);
  out.bytes(body.written);
  return out.written;
}

/** A definition of a struct with one field of a type, or of a slice of a type. */
function definition(id: number, kind: "struct" | "slice", part: number): Uint8Array {
  return message((out) => {
    out.int(-id);
    if (kind === "slice") out.raw(bytes("02 02"));
    else out.raw(bytes("03 02 01 01 01 46 01"));
    out.int(part);
    out.raw(bytes(kind === "slice" ? "00 00" : "00 00 00"));
  });
}

/** Values without a struct are preceded by a 0. */
const value = (id: number, hex: string) =>
  message((out) => {
    out.int(id);
    out.raw(bytes(hex));
  });

const concat = (...parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

test.each([
  ["a message of 0 bytes", "00", "a message is empty (message 1, offset 1)"],
  ["a length of 9 bytes", "f7 00", "the length of an integer is not valid (message 1, offset 1)"],
  ["a length above 2^53", "f8 ffffffffffffffff", "a count is out of range (message 1, offset 9)"],
  [
    "64 MiB and a byte",
    "fc 04000001",
    "a message of 67,108,865 bytes is announced; must have at most 67,108,864 (message 1, offset 5)",
  ],
  ["a type that is not defined", "03 ff82 00", "type 65 is not defined (message 1, offset 3)"],
  ["a type that does not exist", "03 18 00 00", "type 12 does not exist (message 1, offset 2)"],
  [
    "a type that describes definitions",
    "03 20 00 00",
    "type 16 describes definitions; must be the type of a value (message 1, offset 2)",
  ],
  [
    "an integer without the 0 before it",
    "03 04 01 00",
    "a value that is not a struct does not begin with 0 (message 1, offset 3)",
  ],
  ["bytes behind a value", "04 04 00 02 02", "1 bytes follow the value in its message (message 1, offset 4)"],
  ["a value that is cut", "02 04 00", "the message ends within a value (message 1, offset 3)"],
  ["an integer that is cut", "03 04 00 fe", "the message ends within a value (message 1, offset 4)"],
  ["a boolean of 2", "03 02 00 02", "a boolean is neither 0 nor 1 (message 1, offset 4)"],
  [
    "a string longer than its message",
    "05 0c 00 05 61 62",
    "5 bytes are announced, the message has 2 more (message 1, offset 4)",
  ],
  [
    "a definition of a predefined type",
    "05 0b 02 02 04 00 00",
    "definition[6]: the message ends within a value (message 1, offset 6)",
  ],
])("limits: %s", (_, hex, expected) => {
  expect(errorOf(bytes(hex))).toBe(expected);
});

test.each([
  ["a predefined type", definition(63, "slice", 2), "definition[63]: type 63 is predefined"],
  [
    "a type twice",
    concat(definition(65, "slice", 2), definition(65, "slice", 2)),
    "definition[65]: type 65 is defined twice",
  ],
  ["a part that does not exist", definition(65, "slice", 9), "definition[65]: type 9 does not exist"],
  [
    "a part that describes definitions",
    definition(65, "slice", 16),
    "definition[65]: type 16 describes definitions",
  ],
  [
    "nothing",
    message((out) => out.raw(bytes("ff81 00"))),
    "definition[65]: the definition of type 65 has 0 kinds; must have one",
  ],
  [
    "more, in one message",
    message((out) => out.raw(bytes("ff81 02 02 04 00 00 00"))),
    "bytes follow a definition in its message",
  ],
] as const)("limits: a definition of %s", (_, stream, expected) => {
  expect(errorOf(stream)).toStartWith(expected);
});

test("limits: an error names the field and the element", () => {
  const inner = gobStruct(66, { Id: gobInt, Name: gobString }, "Inner");
  const type = gobStruct(65, { List: gobSlice(67, inner) }, "Outer");
  const stream = new GobEncoder().encode(type, {
    List: [
      { Id: 1, Name: "a" },
      { Id: 2, Name: "bc" },
    ],
  });
  // The length of the second name.
  stream[stream.length - 5] = 9;
  expect(errorOf(stream)).toStartWith(
    "Outer.List[1].Name: 9 bytes are announced, the message has 4 more (message 4, offset ",
  );
});

test("limits: text that does not look like a name of Go is not shown", () => {
  const type = gobStruct(65, { "pass word": gobString }, "Out er");
  const stream = new GobEncoder().encode(type, { "pass word": "abc" });
  stream[stream.length - 5] = 99;
  expect(errorOf(stream)).toStartWith("?.?: 99 bytes are announced");
});

test("limits: a list cannot have more elements than its message has bytes, and one that holds interfaces no more than the limit", () => {
  const plain = concat(definition(65, "slice", 2), value(65, "00 fe 7fff 02"));
  expect(errorOf(plain)).toStartWith("32,767 values are announced, the message has 1 more bytes");
  const interfaces = concat(definition(65, "slice", 8), value(65, "00 fc 7fffffff 00"));
  expect(errorOf(interfaces)).toStartWith("more than 2,000,000 values");
  // Within the limit, the elements may be in later messages; the end of this one is not where that can be.
  expect(errorOf(concat(definition(65, "slice", 8), value(65, "00 05 00")))).toBe(
    "[1]: the message ends within a value (message 2, offset 14)",
  );
});

test("limits: values are counted, in whatever message they are", () => {
  const count = MAX_VALUES / 2 + 1;
  const stream = concat(
    definition(66, "struct", 6),
    definition(65, "slice", 66),
    message((out) => {
      out.int(65);
      out.uint(0);
      out.uint(count);
      // Each a struct with one empty string.
      const elements = new Uint8Array(3 * count);
      for (let at = 0; at < elements.length; at += 3) elements[at] = 1;
      out.raw(elements);
    }),
  );
  expect(errorOf(stream)).toMatch(/^\[\d+\](?:\.F)?: more than 2,000,000 values \(message 3, offset \d+\)$/);
});

test("limits: absent fields before a field count, so that few bytes do not become many values", () => {
  const fields = Object.fromEntries(Array.from({ length: MAX_FIELDS }, (_, index) => [`F${index}`, gobInt]));
  const last = {
    ...Object.fromEntries(Object.keys(fields).map((name) => [name, undefined])),
    [`F${MAX_FIELDS - 1}`]: 1,
  };
  const type = gobSlice(66, gobStruct(65, fields));
  const few = Array.from({ length: 100 }, () => last);
  expect(errorOf(new GobEncoder().encode(type, few))).toBe("no error");
  const many = Array.from({ length: 1 + MAX_VALUES / MAX_FIELDS }, () => last);
  expect(errorOf(new GobEncoder().encode(type, many))).toContain("more than 2,000,000 values");
});

test("limits: depth", () => {
  const recursive = concat(definition(65, "struct", 65));
  const deep = (depth: number) => value(65, `${"01".repeat(depth - 1)}${"00".repeat(depth)}`);
  expect(errorOf(concat(recursive, deep(MAX_DEPTH)))).toBe("no error");
  expect(errorOf(concat(recursive, deep(MAX_DEPTH + 1)))).toStartWith(
    `${".F".repeat(MAX_DEPTH).replace(/^\./, "?.")}: nested more than ${MAX_DEPTH} levels deep`,
  );
  // An interface in an interface needs no recursive type.
  const interfaces = definition(65, "slice", 8);
  const nested = (depth: number): Uint8Array =>
    depth === 0 ? bytes("00") : concat(bytes("01 61 ff82 01 00 01"), nested(depth - 1));
  const stream = concat(
    interfaces,
    message((out) => out.raw(concat(bytes("ff82 00 01"), nested(100)))),
  );
  expect(errorOf(stream)).toContain(`nested more than ${MAX_DEPTH} levels deep`);
});

test("limits: definitions", () => {
  const types = Array.from({ length: MAX_TYPES + 1 }, (_, index) => definition(65 + index, "slice", 2));
  expect(errorOf(concat(...types.slice(1), value(66, "00 00")))).toBe("no error");
  expect(errorOf(concat(...types))).toStartWith(
    `definition[${65 + MAX_TYPES}]: more than ${MAX_TYPES} types are defined`,
  );
  const fields = Object.fromEntries(
    Array.from({ length: MAX_FIELDS + 1 }, (_, index) => [`F${index}`, gobInt]),
  );
  const stream = new GobEncoder().encode(
    gobStruct(65, fields),
    Object.fromEntries(Object.keys(fields).map((name) => [name, 1])),
  );
  expect(errorOf(stream)).toStartWith("definition[65]: a struct has 257 fields; must have at most 256");
});

test("limits: a long string is known by its length alone, and what follows it is decoded", () => {
  const type = gobStruct(65, { Long: gobString, Next: gobInt });
  const of = (length: number) =>
    decodeValues(new GobEncoder().encode(type, { Long: "a".repeat(length), Next: 7 }))[0];
  const fieldsOf = (found: GobValue | undefined) =>
    found instanceof Object && "values" in found ? found.values : [];
  expect(fieldsOf(of(MAX_KEPT_BYTES + 1))).toEqual([new GobLongBytes(MAX_KEPT_BYTES + 1), 7n]);
  expect(fieldsOf(of(MAX_KEPT_BYTES))).toEqual([new Uint8Array(MAX_KEPT_BYTES).fill(0x61), 7n]);
});

test("limits: bytes that wait to be decoded are bounded", () => {
  const decoder = new GobDecoder();
  decoder.feed(bytes("fc 04000000"));
  const block = new Uint8Array(1_024 * 1_024);
  for (let at = 0; at < MAX_MESSAGE_BYTES; at += block.length) decoder.feed(block);
  expect(() => {
    for (let index = 0; index < 2; index++) decoder.feed(block);
  }).toThrow(GobError);
});

test("limits: decoding pauses after some hundred values, however they nest", () => {
  const inner = gobStruct(66, { Id: gobInt });
  const type = gobStruct(65, { List: gobSlice(67, inner) });
  const List = Array.from({ length: 50_000 }, (_, index) => ({ Id: index + 1 }));
  const decoder = new GobDecoder();
  decoder.feed(new GobEncoder().encode(type, { List }));
  const reading = decoder.value();
  let pauses = 0;
  while (reading.next().value === "busy") pauses++;
  expect(pauses).toBeGreaterThanOrEqual(Math.floor(100_000 / 512));
});
