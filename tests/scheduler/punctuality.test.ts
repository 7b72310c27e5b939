/** The scheduler's account of its own punctuality, in virtual time. */
// alone: measures time
import { expect, test } from "bun:test";
import { Scheduler } from "../../src/scheduler/scheduler.ts";
import { FakeDialer, VirtualTime } from "../harness/fakes/fakes.ts";

class Fixture implements Disposable {
  readonly time = new VirtualTime();
  readonly lateMs: number[] = [];
  readonly scheduler = new Scheduler(this.time, new FakeDialer(), {
    ticked: (lateMs) => this.lateMs.push(lateMs),
    stalled: () => {},
    fault: () => {},
    mayStart: () => true,
  });

  /** Starts something at an interval, indefinitely. */
  every(intervalMs: number): void {
    const entry = this.scheduler.entry({
      begin: (dueMs: number) => this.scheduler.startAt(entry, dueMs + intervalMs),
    });
    this.scheduler.startAt(entry, intervalMs);
  }

  [Symbol.dispose](): void {
    this.scheduler.stop();
    this.time[Symbol.dispose]();
  }
}

test("punctuality: with nothing to do there are no ticks, and nothing is overdue", () => {
  using fixture = new Fixture();
  fixture.time.advance(3_600_000);
  fixture.time.stall(10_000);
  expect(fixture.lateMs).toEqual([]);
  expect(fixture.scheduler.overdueMs).toBe(0);
});

test("punctuality: ticks that come when they should are not late", () => {
  using fixture = new Fixture();
  fixture.every(100);
  fixture.time.advance(10_000);
  expect(fixture.lateMs.length).toBeGreaterThanOrEqual(100);
  expect(Math.max(...fixture.lateMs)).toBeLessThan(1);
  expect(fixture.scheduler.overdueMs).toBe(0);
});

test("punctuality: during a stall the next tick is overdue, and afterwards it was late by the stall", () => {
  using fixture = new Fixture();
  fixture.every(100);
  fixture.time.advance(1_050);
  fixture.time.stall(3_000);
  expect(fixture.scheduler.overdueMs).toBeCloseTo(2_950, -1);
  const before = fixture.lateMs.length;
  fixture.time.advance(60);
  expect(Math.max(...fixture.lateMs.slice(before))).toBeCloseTo(2_990, -2);
  expect(fixture.scheduler.overdueMs).toBe(0);
});

test("punctuality: a timer that is taken back does not make a tick late", () => {
  using fixture = new Fixture();
  fixture.scheduler.after(500, () => {})();
  fixture.time.advance(5_000);
  expect(fixture.lateMs.every((lateMs) => lateMs < 1)).toBe(true);
  expect(fixture.scheduler.overdueMs).toBe(0);
});
