/** The timer wheel, against a sorted list. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { Wheel, WheelEntry } from "../../src/scheduler/wheel.ts";

const TURN_MS = 4_096;
const ENTRIES = 12;

type Step =
  | { readonly kind: "schedule"; readonly entry: number; readonly inMs: number }
  | { readonly kind: "cancel"; readonly entry: number }
  | { readonly kind: "advance"; readonly byMs: number };

const anyEntry = fc.nat({ max: ENTRIES - 1 });
const anyDelay = fc.oneof(
  fc.integer({ min: -50, max: 50 }),
  fc.double({ min: -2, max: 30, noNaN: true }),
  fc.integer({ min: 0, max: 3 * TURN_MS }),
  fc.constantFrom(TURN_MS - 1, TURN_MS, TURN_MS + 1, 2 * TURN_MS),
);
const anyPause = fc.oneof(
  fc.double({ min: 0, max: 30, noNaN: true }),
  fc.integer({ min: 0, max: 3 * TURN_MS }),
  fc.constantFrom(0, 1, TURN_MS - 1, TURN_MS, TURN_MS + 1),
);
const anySteps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("schedule" as const), entry: anyEntry, inMs: anyDelay }),
    fc.record({ kind: fc.constant("cancel" as const), entry: anyEntry }),
    fc.record({ kind: fc.constant("advance" as const), byMs: anyPause }),
  ),
  { maxLength: 60 },
);

/** The wheel and a plain list of the same entries, moved in step. */
class Pair {
  readonly wheel: Wheel<number>;
  readonly entries = Array.from({ length: ENTRIES }, (_, value) => new WheelEntry(value));
  readonly model = new Map<number, number>();

  constructor(public nowMs: number) {
    this.wheel = new Wheel(nowMs);
  }

  step(step: Step): void {
    if (step.kind === "advance") this.#advance(step.byMs);
    else {
      const entry = this.entries[step.entry];
      if (entry === undefined) throw new Error("no such entry");
      if (step.kind === "cancel") {
        this.wheel.cancel(entry);
        this.model.delete(step.entry);
      } else {
        this.wheel.schedule(entry, this.nowMs + step.inMs);
        this.model.set(step.entry, this.nowMs + step.inMs);
      }
    }
    expect(this.wheel.size).toBe(this.model.size);
    for (const entry of this.entries) expect(entry.scheduled).toBe(this.model.has(entry.value));
  }

  #advance(byMs: number): void {
    this.nowMs += byMs;
    const fired = this.wheel.advance(this.nowMs);
    const due = [...this.model].filter(([, atMs]) => atMs <= this.nowMs);
    expect(fired.map(({ atMs }) => atMs)).toEqual(due.map(([, atMs]) => atMs).sort((a, b) => a - b));
    expect(new Set(fired.map(({ value }) => value))).toEqual(new Set(due.map(([value]) => value)));
    for (const [value] of due) this.model.delete(value);
  }
}

test("wheel: fires what a sorted list would fire, in its order", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e7, noNaN: true }), anySteps, (startMs, steps) => {
      const pair = new Pair(startMs);
      for (const step of steps) pair.step(step);
      // The remaining entries fire in the end, none of them twice.
      pair.step({ kind: "advance", byMs: 10 * TURN_MS });
      expect(pair.model.size).toBe(0);
    }),
    { numRuns: 300 },
  );
});

test("wheel: nextMs is the earliest due time within the limit", () => {
  const anyLimit = fc.integer({ min: 1, max: TURN_MS - 1 });
  fc.assert(
    fc.property(anySteps, anyLimit, (steps, limitMs) => {
      const pair = new Pair(0);
      for (const step of steps) pair.step(step);
      pair.step({ kind: "advance", byMs: 0 });
      const cursorMs = Math.floor(pair.nowMs);
      const earliest = Math.min(...pair.model.values());
      const expected = earliest < cursorMs + limitMs + 1 ? earliest : undefined;
      expect(pair.wheel.nextMs(limitMs)).toBe(expected);
    }),
    { numRuns: 300 },
  );
});

test("wheel: an entry more than a turn away does not fire with its slot", () => {
  const wheel = new Wheel<string>(0);
  const [near, far] = [new WheelEntry("near"), new WheelEntry("far")];
  wheel.schedule(near, 10);
  wheel.schedule(far, 10 + TURN_MS);
  expect(wheel.advance(10).map(({ value }) => value)).toEqual(["near"]);
  expect(wheel.advance(9 + TURN_MS)).toEqual([]);
  expect(wheel.advance(10 + TURN_MS).map(({ value }) => value)).toEqual(["far"]);
});

test("wheel: within a millisecond the fraction decides", () => {
  const wheel = new Wheel<string>(0);
  const [early, late] = [new WheelEntry("early"), new WheelEntry("late")];
  wheel.schedule(late, 5.75);
  wheel.schedule(early, 5.25);
  expect(wheel.nextMs(100)).toBe(5.25);
  expect(wheel.advance(5.5).map(({ value }) => value)).toEqual(["early"]);
  expect(wheel.advance(5.75).map(({ value }) => value)).toEqual(["late"]);
});

test("wheel: a time that has passed fires with the next advance", () => {
  const wheel = new Wheel<string>(10_000);
  wheel.schedule(new WheelEntry("late"), 3);
  expect(wheel.nextMs(1)).toBe(3);
  expect(wheel.advance(10_000).map(({ atMs }) => atMs)).toEqual([3]);
  expect(wheel.nextMs(1_000)).toBeUndefined();
});
