/** The gate for foreign words. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { show } from "../../src/model/format-value.ts";
import {
  clip,
  formatCount,
  headOf,
  MAX_SENTENCE_BYTES,
  printable,
  printableLines,
  sentence,
} from "../../src/model/printable.ts";
import { type CheckResult, formatResult, inconclusive, withSafeMessage } from "../../src/model/result.ts";
import { anyForeignText, HOSTILE_CHARACTER } from "../harness/base/foreign-text.ts";

test.each([
  ["plain", "plain"],
  ["grün 日本 🙂", "grün 日本 🙂"],
  ["\0\t\n\r\x1b[2J\x7f", "\\u0000\\t\\n\\r\\u001b[2J\\u007f"],
  ["\x85\x9b31m", "\\u0085\\u009b31m"],
  ["\u202eexe.txt\u2066", "\\u202eexe.txt\\u2066"],
  ["a\u200bb\ufeff\u00ad", "a\\u200bb\\ufeff\\u00ad"],
  ["\u2028\u2029", "\\u2028\\u2029"],
  ["\u{e0001}", "\\udb40\\udc01"],
  ["\ud800x\udc00", "\\ud800x\\udc00"],
  ['"\\n"', '"\\n"'],
])("printable: %j", (text, expected) => {
  expect(printable(text)).toBe(expected);
});

test("printable: nothing hostile is left of any text, and a second pass changes nothing", () => {
  fc.assert(
    fc.property(anyForeignText, (text) => {
      const once = printable(text);
      expect(once).not.toMatch(HOSTILE_CHARACTER);
      expect(printable(once)).toBe(once);
      expect(printableLines(text)).not.toMatch(/(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      expect(printableLines(text).split("\n").map(printable)).toEqual(text.split("\n").map(printable));
    }),
  );
});

test("sentence: of any text at most 512 bytes, printable, as much as fits", () => {
  fc.assert(
    fc.property(anyForeignText, fc.integer({ min: 1, max: 60 }), (piece, times) => {
      const text = piece.repeat(times);
      const made = sentence(text);
      expect(made).not.toMatch(HOSTILE_CHARACTER);
      expect(made).toBe(clip(printable(text), MAX_SENTENCE_BYTES));
      expect(Buffer.byteLength(made)).toBeLessThanOrEqual(MAX_SENTENCE_BYTES);
      expect(sentence(made)).toBe(made);
    }),
    { numRuns: 300 },
  );
});

test("clip: never splits a character and keeps as much as fits", () => {
  fc.assert(
    fc.property(anyForeignText, fc.integer({ min: 3, max: 600 }), (text, maxBytes) => {
      const whole = text.toWellFormed();
      const clipped = clip(text, maxBytes);
      expect(clipped.isWellFormed()).toBe(true);
      expect(Buffer.byteLength(clipped)).toBeLessThanOrEqual(maxBytes);
      if (Buffer.byteLength(whole) <= maxBytes) {
        expect(clipped).toBe(whole);
      } else {
        expect(clipped).toEndWith("…");
        expect(whole).toStartWith(clipped.slice(0, -1));
        // No further character would have fitted.
        expect(Buffer.byteLength(clipped)).toBeGreaterThan(maxBytes - 4);
      }
    }),
    { numRuns: 300 },
  );
});

test("headOf: the beginning, cut between characters", () => {
  expect(["🙂🙂", "a🙂", "aé", "abc"].map((text) => headOf(text, 4))).toEqual(["🙂", "a", "aé", "abc"]);
});

test("result: with its code before it no sentence has more than 512 bytes, and a short one stays the same object", () => {
  const long = "\u202e€".repeat(1_000);
  const results: CheckResult[] = [
    { outcome: "failure", code: "L4TOUT", message: long, durationMs: 1, phases: {} },
    { outcome: "success", code: "L7OK", message: long, durationMs: 1, phases: {} },
    inconclusive("fault", long),
  ];
  for (const result of results) {
    const safe = withSafeMessage(result);
    expect(Buffer.byteLength(formatResult(safe))).toBeLessThanOrEqual(MAX_SENTENCE_BYTES);
    expect(safe.message).not.toMatch(HOSTILE_CHARACTER);
    expect(withSafeMessage(safe)).toBe(safe);
  }
});

test("show: a value in a message is printable and short, whatever it is", () => {
  expect(show("\u202eabc\x7f")).toBe('"\\u202eabc\\u007f"');
  expect(show("🙂".repeat(100))).toMatch(/^"🙂{29}…$/u);
  fc.assert(
    fc.property(fc.oneof(anyForeignText, fc.jsonValue()), (value) => {
      expect(show(value)).not.toMatch(HOSTILE_CHARACTER);
      expect(show(value).length).toBeLessThanOrEqual(61);
    }),
  );
});

test("formatCount: thousands apart", () => {
  expect([0, 999, 1_497, 1_000_000].map(formatCount)).toEqual(["0", "999", "1,497", "1,000,000"]);
});
