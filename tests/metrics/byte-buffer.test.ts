/** The sheet, against strings put together. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { ByteBuffer } from "../../src/metrics/byte-buffer.ts";

const FULL_BYTES = 250 * 1_024;
const SIZE_BYTES = 256 * 1_024;

/** A number as Prometheus reads it. */
function prometheusNumber(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  return String(value);
}

function put(sheet: ByteBuffer, item: string | number): void {
  if (typeof item === "string") sheet.text(item);
  else sheet.number(item);
}

function expectedOf(item: string | number): string {
  return typeof item === "string" ? item : prometheusNumber(item);
}

const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

const anyNumber = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.nat({ max: 20 }),
  fc.maxSafeNat(),
  fc.constantFrom(0, -0, 9, 10, 99, 100, 1e14, 999_999_999_999_999, 1e15, 1e21, -1, 0.1 + 0.2, 5e-324),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
);
const anyText = fc.oneof(fc.string(), fc.string({ unit: "grapheme" }), fc.constantFrom("", "…", "\n"));

test("byte buffer: encoded bytes are written like text", () => {
  const sheet = new ByteBuffer();
  sheet.text("x".repeat(SIZE_BYTES - 1));
  sheet.bytes(new TextEncoder().encode("up{} "));
  sheet.number(1);
  sheet.newline();
  expect(textOf(sheet.take()).slice(-8)).toBe("xup{} 1\n");
});

test("byte buffer: what is written equals the same put together as strings", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(anyText, anyNumber)), (items) => {
      const sheet = new ByteBuffer();
      for (const item of items) put(sheet, item);
      expect(textOf(sheet.take())).toBe(items.map(expectedOf).join(""));
    }),
  );
});

test("byte buffer: grows beyond its size, at whatever place the end of its room comes", () => {
  const anyPiece = fc.oneof(
    fc.nat({ max: 800_000 }).map((length) => "é".repeat(length >> 4) + "x".repeat(length)),
    fc.nat(),
    fc.constant(""),
  );
  fc.assert(
    fc.property(fc.array(anyPiece, { maxLength: 12 }), (items) => {
      const sheet = new ByteBuffer();
      for (const item of items) put(sheet, item);
      // Compared as a whole: a difference in megabytes cannot be read.
      expect(textOf(sheet.take()) === items.map(expectedOf).join("")).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test("byte buffer: every length around its size is written whole", () => {
  for (let length = SIZE_BYTES - 24; length <= SIZE_BYTES + 4; length++) {
    const sheet = new ByteBuffer();
    sheet.text("x".repeat(length));
    sheet.number(1_234_567_890);
    sheet.text("");
    sheet.number(0);
    const text = textOf(sheet.take());
    expect([text.length, text.slice(-11)]).toEqual([length + 11, "12345678900"]);
  }
});

test("byte buffer: is full from 250 KiB on, and not before", () => {
  const sheet = new ByteBuffer();
  sheet.text("x".repeat(FULL_BYTES - 1));
  expect(sheet.full).toBe(false);
  sheet.number(7);
  expect(sheet.full).toBe(true);
});

test("byte buffer: taken bytes do not change, and later ones start a new buffer", () => {
  const sheet = new ByteBuffer();
  sheet.text("first");
  const first = sheet.take();
  expect(sheet.full).toBe(false);
  sheet.text("second, and longer");
  expect([textOf(first), textOf(sheet.take()), textOf(sheet.take())]).toEqual([
    "first",
    "second, and longer",
    "",
  ]);
});
