/** The clock that stops during stalls. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { RunningTime } from "../../src/scheduler/running-time.ts";

test("running time: goes with the real clock while ticks come as planned", () => {
  const time = new RunningTime(1_000);
  time.plan(1_000, 1_010);
  expect(time.tick(1_012)).toBe(0);
  expect(time.nowMs).toBe(12);
  expect(time.at(1_015)).toBe(15);
  expect(time.stalledMs(0)).toBe(0);
});

test("running time: a tick that comes late shifts it by the lateness beyond 20 ms", () => {
  const time = new RunningTime(0);
  time.plan(0, 10);
  expect(time.tick(330)).toBe(300);
  expect(time.nowMs).toBe(30);
  expect(time.stalledMs(0)).toBe(300);
});

test("running time: a stall is counted once, though a plan follows its tick", () => {
  const time = new RunningTime(0);
  time.plan(0, 10);
  expect(time.tick(330)).toBe(300);
  time.plan(331, 351);
  expect(time.stalledMs(0)).toBe(300);
  expect(time.tick(351)).toBe(0);
  expect(time.nowMs).toBe(51);
});

test("running time: a tick somewhat late and its own work are no stall", () => {
  const time = new RunningTime(0);
  time.plan(0, 10);
  expect(time.tick(25)).toBe(0);
  time.plan(32, 40);
  expect(time.stalledMs(0)).toBe(0);
  expect(time.nowMs).toBe(32);
});

test("running time: a plan in place of an overdue tick does not hide the stall", () => {
  const time = new RunningTime(0);
  time.plan(0, 10);
  time.plan(330, 340);
  expect(time.stalledMs(0)).toBe(300);
  expect(time.nowMs).toBe(30);
  // The next tick reports it.
  expect(time.tick(340)).toBe(300);
  expect(time.nowMs).toBe(40);
});

test("running time: a plan in place of a tick that is not due yet changes nothing", () => {
  const time = new RunningTime(0);
  time.plan(0, 1_000);
  time.plan(400, 420);
  expect(time.tick(420)).toBe(0);
  expect(time.nowMs).toBe(420);
});

test("running time: idling is no stall", () => {
  const time = new RunningTime(0);
  time.plan(0, Number.POSITIVE_INFINITY);
  time.plan(60_000, 60_010);
  expect(time.tick(60_010)).toBe(0);
  expect(time.stalledMs(0)).toBe(0);
  expect(time.nowMs).toBe(60_010);
});

const anyTurns = fc.array(
  fc.record({
    /** From the plan to the tick's planned time, from there to the tick, from the tick to the next plan. */
    waitMs: fc.integer({ min: 0, max: 100 }),
    lateMs: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 21, max: 5_000 })),
    workMs: fc.integer({ min: 0, max: 10 }),
  }),
);

test("running time: running and stalled time together are the real time, each stall once", () => {
  fc.assert(
    fc.property(anyTurns, (turns) => {
      const time = new RunningTime(0);
      let realMs = 0;
      let stalledMs = 0;
      for (const { waitMs, lateMs, workMs } of turns) {
        time.plan(realMs, realMs + waitMs);
        realMs += waitMs + lateMs;
        const stallMs = Math.max(0, lateMs - 20);
        expect(time.tick(realMs)).toBe(stallMs);
        stalledMs += stallMs;
        realMs += workMs;
      }
      time.plan(realMs, realMs);
      expect([time.nowMs, time.stalledMs(realMs)]).toEqual([realMs - stalledMs, stalledMs]);
    }),
  );
});

test("running time: never runs backwards", () => {
  const anyMoves = fc.array(
    fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 50 })),
  );
  fc.assert(
    fc.property(anyMoves, (moves) => {
      const time = new RunningTime(0);
      let realMs = 0;
      for (const [isTick, byMs, planMs] of moves) {
        const before = time.nowMs;
        realMs += byMs;
        if (isTick) time.tick(realMs);
        else time.plan(realMs, realMs + planMs);
        expect(time.nowMs).toBeGreaterThanOrEqual(before);
      }
    }),
  );
});
