/** Durations: people's forms and Go's. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  DURATION_PATTERN,
  DURATION_RULE,
  durationRule,
  formatDuration,
  parseDuration,
} from "../../src/model/duration.ts";

test.each([
  ["5s", 5_000],
  ["500ms", 500],
  ["1m30s", 90_000],
  ["1m 30s", 90_000],
  ["1.5s", 1_500],
  ["1m0.5s", 60_500],
  ["250\u00b5s", 0.25],
  ["250\u03bcs", 0.25],
  ["250us", 0.25],
  ["100ns", 0.0001],
  ["1h0m0s", 3_600_000],
  ["1h15m30.918s", 4_530_918],
  ["2d", 172_800_000],
  [".5s", 500],
  ["1.s", 1_000],
  ["30s 1m", 90_000],
  ["  5s ", 5_000],
  ["0s", 0],
  ["0", 0],
  // Spellings that Rust's humantime reads.
  ["5 s", 5_000],
  ["100 ms", 100],
  ["1hour 12min 5s", 4_325_000],
  ["2h 37min", 9_420_000],
  ["1hr30mins", 5_400_000],
  ["1 000 ms", 1_000],
  ["1M", 2_630_016_000],
  ["1m 1M", 2_630_076_000],
  ["1y", 31_557_600_000],
  ["\t7 \u00a0days\n", 604_800_000],
])("duration: reads %j", (text, ms) => {
  expect(parseDuration(text)).toBeCloseTo(ms, 9);
});

test.each([
  "",
  " ",
  "5",
  "s",
  "5x",
  "5Ms",
  "5S",
  "5Sec",
  "5mS",
  "5 m s",
  "5mss",
  "-5s",
  "+5s",
  "5s,",
  "5s 3",
  "1,5s",
  "1.5.5s",
  ".s",
  "1e3s",
  "0x5s",
  "NaNs",
  "Infinitys",
  "5 . 5s",
  "٥s",
])("duration: refuses %j", (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

/** Every unit that humantime knows, in all of its releases, and the milliseconds of one. */
const HUMANTIME: readonly (readonly [ms: number, units: readonly string[]])[] = [
  [1e-6, ["ns", "nsec", "nanos"]],
  [1e-3, ["us", "usec", "\u00b5s", "micros"]],
  [1, ["ms", "msec", "millis"]],
  [1_000, ["s", "sec", "secs", "second", "seconds"]],
  [60_000, ["m", "min", "mins", "minute", "minutes"]],
  [3_600_000, ["h", "hr", "hrs", "hour", "hours"]],
  [86_400_000, ["d", "day", "days"]],
  [604_800_000, ["w", "wk", "wks", "week", "weeks"]],
  [2_630_016_000, ["M", "month", "months"]],
  [31_557_600_000, ["y", "yr", "yrs", "year", "years"]],
];
const UNITS = HUMANTIME.flatMap(([ms, units]) => units.map((unit) => [unit, ms] as const));

test.each(UNITS)("duration: reads the unit %s, with and without a blank", (unit, ms) => {
  for (const text of [`7${unit}`, `7 ${unit}`, `\t7  ${unit} `])
    expect(parseDuration(text)).toBeCloseTo(7 * ms, 9);
});

test("duration: reads what humantime reads, part after part", () => {
  const blank = fc.constantFrom("", " ", "  ");
  const part = fc.tuple(fc.integer({ min: 0, max: 999 }), blank, fc.constantFrom(...UNITS), blank);
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
      const text = parts.map(([count, before, [unit], after]) => `${count}${before}${unit}${after}`).join("");
      const ms = parts.reduce((sum, [count, , [, factor]]) => sum + count * factor, 0);
      expect([text, DURATION_PATTERN.test(text)]).toEqual([text, true]);
      expect(parseDuration(text)).toBeCloseTo(ms, 3);
    }),
  );
});

test("duration: the examples of a rule lie within its range, so none is the refused value", () => {
  expect(DURATION_RULE).toBe('a duration such as "500ms", "5s" or "1m30s"');
  expect(durationRule(1, 10_000)).toBe('a duration such as "500ms" or "5s"');
  expect(durationRule(5_000, 5_000)).toBe('a duration such as "5s"');
});

test("duration: the pattern matches the valid durations, except a bare 0", () => {
  const pieces = fc.constantFrom(
    "0",
    "1",
    "30",
    ".",
    "1.5",
    ".5",
    " ",
    "ms",
    "m",
    "s",
    "h",
    "us",
    "mins",
    "M",
    "\u00b5s",
    "x",
    "-",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 6 }), (parts) => {
      const text = parts.join("");
      fc.pre(text.trim() !== "0");
      expect([text, DURATION_PATTERN.test(text)]).toEqual([text, parseDuration(text) !== undefined]);
    }),
  );
});

test("duration: refuses what is beyond any number", () => {
  expect(parseDuration(`${"9".repeat(400)}h`)).toBeUndefined();
});

test.each([
  [0, "0s"],
  [0.25, "250µs"],
  [100, "100ms"],
  [1_500, "1.5s"],
  [60_000, "1m"],
  [120_000, "2m"],
  [90_000, "1m30s"],
  [3_600_000, "1h"],
  [3_660_000, "1h1m"],
  [3_605_000, "1h5s"],
])("duration: writes %d ms as %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

/** Three decimals of the unit that is written. */
function rounding(ms: number): number {
  return (ms < 1 ? 1e-3 : ms < 1_000 ? 1 : 1_000) * 0.000_500_1;
}

test("duration: what is written is read again, within the rounding", () => {
  const durations = fc.oneof(
    fc.double({ min: 0, max: 1e10, noNaN: true }),
    fc.double({ min: 0, max: 2_000, noNaN: true }),
    fc.integer({ min: 0, max: 1e10 }),
  );
  fc.assert(
    fc.property(durations, (ms) => {
      const read = parseDuration(formatDuration(ms)) ?? Number.NaN;
      expect(Math.abs(read - ms)).toBeLessThanOrEqual(rounding(ms));
    }),
  );
});

test("duration: whole milliseconds survive being written and read", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e10 }), (ms) => {
      expect(Math.round(parseDuration(formatDuration(ms)) ?? -1)).toBe(ms);
    }),
  );
});

test("duration: no text makes reading throw or give a negative number", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => !((parseDuration(text) ?? 0) < 0)));
});
