/** The age of a state file: whatever the wall clock does in between, an old state never looks new. */
import { expect, test } from "bun:test";
import { ageOf } from "../../src/persistence/age.ts";
import type { Moment } from "../../src/system/boot-clock.ts";

const A = "a".repeat(32);
const B = "b".repeat(32);
const UNKNOWN = "0".repeat(32);
const HOUR_MS = 3_600_000;
const WALL_MS = 1_700_000_000_000;
const ALIVE: Moment = { wallMs: WALL_MS, bootMs: HOUR_MS, bootId: A };

/** Age of a file that was written at {@link ALIVE}. @param steppedMs - what the wall clock was set forward by since then */
function age(passedMs: number, steppedMs: number, bootId: string, isVolatile = false, alive = ALIVE) {
  const now = { wallMs: WALL_MS + passedMs + steppedMs, bootMs: alive.bootMs + passedMs, bootId };
  return ageOf({ alive, mtimeMs: alive.wallMs, isVolatile }, now);
}

test.each([0, HOUR_MS, -HOUR_MS])(
  "age: within a boot, a wall clock that was set by %d ms changes nothing",
  (step) => {
    expect(age(2_000, step, A)).toBe(2_000);
    expect(age(HOUR_MS, step, A)).toBe(HOUR_MS);
  },
);

test.each([0, HOUR_MS, -HOUR_MS])(
  "age: nor if the boot is not known but the file lies in memory; set by %d ms",
  (step) => {
    expect(age(2_000, step, UNKNOWN, true, { ...ALIVE, bootId: UNKNOWN })).toBe(2_000);
    expect(age(2_000, step, UNKNOWN, true)).toBe(2_000);
  },
);

test.each([
  ["another boot", A, B, false],
  ["another boot, with a file in memory that was kept by hand", A, B, true],
  ["a boot that is not known", UNKNOWN, UNKNOWN, false],
] as const)("age: over %s the wall clock decides", (_name, before, after, isVolatile) => {
  const alive = { ...ALIVE, bootId: before };
  expect(age(2_000, 0, after, isVolatile, alive)).toBe(2_000);
  expect(age(2_000, HOUR_MS, after, isVolatile, alive)).toBe(HOUR_MS + 2_000);
  expect(age(2_000, -HOUR_MS, after, isVolatile, alive)).toBeUndefined();
});

test("age: a boot clock that went back is that of another boot", () => {
  const now = { wallMs: WALL_MS + 30_000, bootMs: 1_000, bootId: UNKNOWN };
  const alive = { ...ALIVE, bootId: UNKNOWN };
  expect(ageOf({ alive, mtimeMs: WALL_MS, isVolatile: true }, now)).toBe(30_000);
});

test.each([
  ["older than its contents", -HOUR_MS, HOUR_MS - 5_000 + 2_000],
  ["a little newer: the write took its time", 1_500, 2_000],
  ["newer, of a copy", 2_000, 2_000],
  ["from the future", HOUR_MS, undefined],
])("age: a file whose modification time is %s", (_name, changedMs, expected) => {
  const now = { wallMs: WALL_MS + 2_000, bootMs: HOUR_MS + 2_000, bootId: A };
  expect(ageOf({ alive: ALIVE, mtimeMs: WALL_MS + changedMs, isVolatile: false }, now)).toBe(expected);
});
