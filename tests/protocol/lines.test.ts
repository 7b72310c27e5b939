/** Framing: bytes split anywhere give the same lines. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { type Line, LineSplitter } from "../../src/protocol/lines.ts";
import { bytesOf } from "../harness/client/client-lines.ts";

const NEWLINE = 0x0a;
const text = (line: Line) => bytesOf(line).toString("latin1");

/** Bytes with many newlines among them. */
const anyBytes = fc
  .array(fc.oneof(fc.constant(NEWLINE), fc.nat({ max: 255 })), { maxLength: 200 })
  .map((values) => Uint8Array.from(values));

/** Cuts bytes at the places given. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.slice(at[index], end));
}

test("lines: any bytes, split anywhere, give the same lines", () => {
  fc.assert(
    fc.property(anyBytes, fc.array(fc.nat()), (bytes, places) => {
      const splitter = new LineSplitter(1_000);
      const lines = cut(bytes, places).flatMap((part) => splitter.push(part).map(text));
      const whole = Buffer.from(bytes).toString("latin1").split("\n");
      expect(lines).toEqual(whole.slice(0, -1));
    }),
  );
});

test("lines: too long is too long however it is split", () => {
  fc.assert(
    fc.property(anyBytes, fc.array(fc.nat()), fc.integer({ min: 0, max: 20 }), (bytes, places, maxBytes) => {
      const splitter = new LineSplitter(maxBytes);
      const lines = cut(bytes, places).flatMap((part) => splitter.push(part).map(text));
      const whole = Buffer.from(bytes).toString("latin1").split("\n");
      const tooLong = whole.findIndex((line) => line.length > maxBytes);
      expect(splitter.overflowed).toBe(tooLong >= 0);
      expect(lines).toEqual(tooLong < 0 ? whole.slice(0, -1) : whole.slice(0, tooLong));
    }),
  );
});

test("lines: the longest line allowed is a line, one byte more is too long", () => {
  const splitter = new LineSplitter(5);
  expect(splitter.push(Buffer.from("12345\n")).map(text)).toEqual(["12345"]);
  expect(splitter.push(Buffer.from("12345")).map(text)).toEqual([]);
  expect(splitter.overflowed).toBe(false);
  splitter.push(Buffer.from("6"));
  expect(splitter.overflowed).toBe(true);
});

test("lines: after one that was too long nothing comes, and nothing is kept", () => {
  const splitter = new LineSplitter(5);
  splitter.push(Buffer.from("123456"));
  expect(splitter.push(Buffer.from("\nabc\n"))).toEqual([]);
  expect(splitter.overflowed).toBe(true);
});

test("lines: the caller may reuse its bytes", () => {
  const splitter = new LineSplitter(100);
  const bytes = Buffer.from("ab");
  splitter.push(bytes);
  bytes.fill(0x78);
  expect(splitter.push(Buffer.from("c\n")).map(text)).toEqual(["abc"]);
});

test.each([1, 7, 255, 4_096, 70_000])(
  "lines: in pieces of %i bytes a line takes at most twice its bytes and one block",
  (pieceBytes) => {
    const splitter = new LineSplitter(1_000_000);
    const line = Buffer.alloc(300_000, "x");
    let worstBytes = 0;
    for (let at = 0; at < line.length; at += pieceBytes) {
      splitter.push(line.subarray(at, at + pieceBytes));
      const sentBytes = Math.min(at + pieceBytes, line.length);
      worstBytes = Math.max(worstBytes, splitter.heldBytes - 2 * sentBytes);
    }
    expect(worstBytes).toBeLessThanOrEqual(256);
    expect(splitter.heldBytes).toBeLessThanOrEqual(line.length + 65_536);
    expect(splitter.push(Buffer.from("y\n")).map(text)).toEqual([`${line}y`]);
    expect(splitter.heldBytes).toBe(0);
  },
);

test("lines: a long line is not copied into one piece", () => {
  const splitter = new LineSplitter(1_000_000);
  const block = Buffer.alloc(65_536, "x");
  for (let count = 0; count < 4; count++) splitter.push(block);
  const [line] = splitter.push(Buffer.from("y\n"));
  expect(line?.byteLength).toBe(4 * 65_536 + 1);
  expect(line?.blocks.map((part) => part.length)).toEqual([65_536, 65_536, 65_536, 65_536, 1]);
});
