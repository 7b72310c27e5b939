/** The scheduler in virtual time. */
import { expect, test } from "bun:test";
import { Scheduler, type Startable } from "../../src/scheduler/scheduler.ts";
import { FakeDialer, VirtualTime } from "../harness/fakes/fakes.ts";

/** Ticks are this far apart at least. */
const TICK_MS = 8;

class Fixture implements Disposable {
  readonly time = new VirtualTime();
  readonly dialer = new FakeDialer();
  readonly stalls: number[] = [];
  readonly faults: unknown[] = [];
  readonly scheduler = new Scheduler(this.time, this.dialer, {
    ticked: () => {},
    stalled: (ms) => this.stalls.push(ms),
    fault: (error) => this.faults.push(error),
    mayStart: () => this.means > 0,
  });
  readonly begun: string[] = [];
  /** Checks that may still start. */
  means = Number.POSITIVE_INFINITY;

  /** A check that records its start, which takes the given time. */
  startable(name: string, workMs = 0): Startable {
    return {
      begin: (dueMs, nowMs) => {
        this.begun.push(`${name} ${dueMs} ${nowMs - dueMs < TICK_MS ? "on time" : "late"}`);
        this.means--;
        this.time.stall(workMs);
      },
    };
  }

  [Symbol.dispose](): void {
    this.scheduler.stop();
    this.time[Symbol.dispose]();
  }
}

test("scheduler: starts come when they are due, in order", () => {
  using fixture = new Fixture();
  const { scheduler, time } = fixture;
  scheduler.startAt(scheduler.entry(fixture.startable("b")), 200);
  scheduler.startAt(scheduler.entry(fixture.startable("a")), 100);
  scheduler.startAt(scheduler.entry(fixture.startable("far")), 10_000);
  time.advance(99);
  expect(fixture.begun).toEqual([]);
  time.advance(9_800);
  expect(fixture.begun).toEqual(["a 100 on time", "b 200 on time"]);
  time.advance(200);
  expect(fixture.begun.at(-1)).toBe("far 10000 on time");
  expect(fixture.stalls).toEqual([]);
});

test("scheduler: a start that is moved comes once, at its new time", () => {
  using fixture = new Fixture();
  const { scheduler, time } = fixture;
  const entry = scheduler.entry(fixture.startable("a"));
  scheduler.startAt(entry, 100);
  scheduler.startAt(entry, 50);
  time.advance(500);
  expect(fixture.begun).toEqual(["a 50 on time"]);
});

test("scheduler: what was canceled does not come", () => {
  using fixture = new Fixture();
  const { scheduler, time } = fixture;
  const entry = scheduler.entry(fixture.startable("a"));
  scheduler.startAt(entry, 100);
  scheduler.cancelStart(entry);
  const called: string[] = [];
  const cancel = scheduler.after(100, () => called.push("timer"));
  cancel();
  time.advance(500);
  expect([...fixture.begun, ...called]).toEqual([]);
});

test("scheduler: a timer fires after its delay of running time, not before", () => {
  using fixture = new Fixture();
  const { scheduler, time } = fixture;
  const called: number[] = [];
  scheduler.after(100, () => called.push(time.nowMs()));
  time.advance(99);
  expect(called).toEqual([]);
  time.advance(50);
  expect(called.map((ms) => ms >= 100 && ms <= 120)).toEqual([true]);
});

test("scheduler: a stall moves timers and is reported once", () => {
  using fixture = new Fixture();
  const { scheduler, time } = fixture;
  const called: number[] = [];
  scheduler.after(100, () => called.push(time.nowMs()));
  time.advance(40);
  time.stall(1_000);
  // Of the 60 ms that are left a stall may take 20 before it counts as one.
  time.advance(39);
  expect(called).toEqual([]);
  time.advance(60);
  expect(called.length).toBe(1);
  expect(fixture.stalls.length).toBe(1);
  expect(scheduler.stalledMs).toBeGreaterThan(950);
  expect(scheduler.stalledMs).toBeLessThanOrEqual(1_000);
});

test("scheduler: waiting long for the next start is no stall", () => {
  using fixture = new Fixture();
  const { scheduler, time } = fixture;
  scheduler.startAt(scheduler.entry(fixture.startable("a")), 3_600_000);
  time.advance(3_700_000);
  expect(fixture.begun).toEqual(["a 3600000 on time"]);
  expect(fixture.stalls).toEqual([]);
});

test("scheduler: when more is due than fits into a tick, the rest waits, first due first", () => {
  using fixture = new Fixture();
  const { scheduler, time } = fixture;
  for (let index = 99; index >= 0; index--) {
    scheduler.startAt(scheduler.entry(fixture.startable(String(index), 0.5)), 100 + index / 100);
  }
  time.stall(50);
  time.advance(100);
  expect(fixture.begun.length).toBeGreaterThan(0);
  expect(fixture.begun.length).toBeLessThan(100);
  expect(scheduler.backlog).toBe(100 - fixture.begun.length);
  time.advance(1_000);
  expect(fixture.begun.map((line) => Number(line.split(" ")[0]))).toEqual(
    Array.from({ length: 100 }, (_, at) => at),
  );
  expect(scheduler.backlog).toBe(0);
});

test("scheduler: without means for another check what is due waits, first due first", () => {
  using fixture = new Fixture();
  const { scheduler, time } = fixture;
  fixture.means = 2;
  for (const [index, name] of ["a", "b", "c", "d"].entries()) {
    scheduler.startAt(scheduler.entry(fixture.startable(name)), 100 + index);
  }
  const names = () => fixture.begun.map((line) => line.charAt(0)).join("");
  time.advance(500);
  expect([names(), scheduler.backlog]).toEqual(["ab", 2]);
  fixture.means = 1;
  time.advance(20);
  expect(names()).toBe("abc");
  fixture.means = 1;
  time.advance(20);
  expect([names(), scheduler.backlog]).toEqual(["abcd", 0]);
});

test("scheduler: a callback that throws is reported, and the others run", () => {
  using fixture = new Fixture();
  const { scheduler, time } = fixture;
  const fault = new Error("broken");
  const broken = {
    begin: () => {
      throw fault;
    },
  };
  scheduler.startAt(scheduler.entry(broken), 100);
  scheduler.startAt(scheduler.entry(fixture.startable("a")), 100);
  time.advance(200);
  expect(fixture.faults).toEqual([fault]);
  expect(fixture.begun).toEqual(["a 100 on time"]);
});

test("scheduler: an available answer counts before a timeout that is due with it", () => {
  using fixture = new Fixture();
  const { scheduler, time, dialer } = fixture;
  const events: string[] = [];
  const owner = { connected: () => events.push("connected"), failed: () => events.push("failed") };
  const dial = dialer.dial({ family: 2, bytes: new Uint8Array(16) }, owner);
  scheduler.after(100, () => events.push("timeout"));
  time.advance(90);
  dialer.connect(dial, 1);
  time.advance(40);
  expect(events).toEqual(["connected", "timeout"]);
});

test("scheduler: the running time stops during a stall", () => {
  using fixture = new Fixture();
  const { scheduler, time } = fixture;
  scheduler.after(10_000, () => {});
  time.advance(100);
  const beforeMs = scheduler.activeMs;
  expect(beforeMs).toBe(time.nowMs());
  time.stall(3_000);
  const duringMs = scheduler.activeMs;
  time.advance(100);
  // A little is no stall, only a busy process.
  expect(duringMs - beforeMs).toBeLessThan(50);
  expect(scheduler.activeMs - beforeMs).toBeLessThan(150);
  expect(scheduler.activeMs - beforeMs).toBeGreaterThanOrEqual(100);
});

test("scheduler: after its stop nothing comes any more", () => {
  using fixture = new Fixture();
  const { scheduler, time } = fixture;
  scheduler.startAt(scheduler.entry(fixture.startable("a")), 100);
  scheduler.stop();
  scheduler.startAt(scheduler.entry(fixture.startable("b")), 100);
  time.advance(1_000);
  expect(fixture.begun).toEqual([]);
});
