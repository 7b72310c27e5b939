/** The starts of 10,000 healthchecks in virtual time, through the real manager, monitors and scheduler. */
import { expect, test } from "bun:test";
import type { Attempt, Checker } from "../../src/checks/checker.ts";
import { Manager } from "../../src/manager/manager.ts";
import type { CheckResult } from "../../src/model/result.ts";
import type { HealthcheckSpec } from "../../src/model/spec.ts";
import type { StateCounts } from "../../src/model/status.ts";
import { Monitor } from "../../src/monitor/monitor.ts";
import { Scheduler } from "../../src/scheduler/scheduler.ts";
import { FakeDialer, FakeLogger, failure, makeSpec, success, VirtualTime } from "../harness/fakes/fakes.ts";

const SLOT_MS = 100;

/** A whole server without network: each check takes its timeout. */
class Fleet implements Disposable {
  readonly time = new VirtualTime();
  readonly startsMs = new Map<string, number[]>();
  skipped = 0;
  /** Result of every check, when its timeout is over. */
  result: CheckResult = success();
  readonly #attempt: Attempt = { expire: () => this.result, cancel: () => {} };
  readonly #scheduler = new Scheduler(this.time, new FakeDialer(), {
    ticked: () => {},
    stalled: () => {},
    fault: (error) => {
      throw error;
    },
    mayStart: () => true,
  });
  readonly #manager = new Manager(
    this.time,
    new FakeLogger(),
    (spec) => this.#make(spec),
    () => {},
  );

  /** @param bootMs - how long the machine's clock has run when the server starts */
  constructor(readonly bootMs = 0) {
    this.time.advance(bootMs);
  }

  async apply(specs: readonly HealthcheckSpec[]): Promise<void> {
    await this.#manager.apply({ specs, rejected: new Set() });
  }

  counts(): StateCounts {
    return this.#manager.counts().states;
  }

  /** Starts per slot of 100 ms from one time to another, in ms since the boot. */
  perSlot(fromMs: number, toMs: number): number[] {
    const counts = new Array<number>((toMs - fromMs) / SLOT_MS).fill(0);
    for (const ms of [...this.startsMs.values()].flat()) {
      const slot = Math.floor((ms - fromMs) / SLOT_MS);
      if (slot >= 0 && slot < counts.length) counts[slot] = (counts[slot] ?? 0) + 1;
    }
    return counts;
  }

  [Symbol.dispose](): void {
    this.#manager.stop();
    this.#scheduler.stop();
    this.time[Symbol.dispose]();
  }

  #make(spec: HealthcheckSpec): Monitor {
    const startsMs = this.startsMs.get(spec.id) ?? [];
    this.startsMs.set(spec.id, startsMs);
    const checker: Checker = {
      start: () => {
        startsMs.push(this.time.nowMs());
        return this.#attempt;
      },
    };
    const skipped = (_monitor: Monitor, count: number) => {
      this.skipped += count;
    };
    const observers = [{ settled: () => {}, skipped, released: () => {} }];
    return new Monitor(spec, checker, { clock: this.time, scheduler: this.#scheduler, observers });
  }
}

function specs(count: number, intervalMs: (index: number) => number): HealthcheckSpec[] {
  return Array.from({ length: count }, (_, index) =>
    makeSpec(index + 1, { intervalMs: intervalMs(index), timeoutMs: 20 }),
  );
}

/** A start comes with the tick after its due time. */
const TICK_MS = 9;

function expectLevel(counts: readonly number[], level: number): void {
  expect(Math.min(...counts)).toBeGreaterThan(level * 0.8);
  expect(Math.max(...counts)).toBeLessThan(level * 1.2);
}

test("spread: 10,000 checks start within 1.5 s, and are level from the second interval on", async () => {
  using fleet = new Fleet();
  await fleet.apply(specs(10_000, () => 10_000));
  fleet.time.advance(40_000);
  const all = [...fleet.startsMs.values()];
  expect(all.length).toBe(10_000);
  expect(Math.max(...all.map(([first]) => first ?? Number.POSITIVE_INFINITY))).toBeLessThan(1_500);
  expectLevel(fleet.perSlot(10_000, 40_000), 100);
  expect(fleet.skipped).toBe(0);
  for (const startsMs of all) {
    const gapsMs = startsMs.slice(1).map((ms, index) => ms - (startsMs[index] ?? 0));
    expect(Math.max(...gapsMs)).toBeLessThanOrEqual(10_000 + TICK_MS);
    expect(Math.min(...gapsMs)).toBeGreaterThanOrEqual(5_000 - TICK_MS);
    // At most two gaps lead to the grid; all others are the interval.
    for (const gapMs of gapsMs.slice(2)) expect(Math.abs(gapMs - 10_000)).toBeLessThanOrEqual(TICK_MS);
  }
}, 60_000);

test("spread: 10,000 backends that die at once are checked evenly over the down interval, and nothing counts as skipped", async () => {
  using fleet = new Fleet();
  await fleet.apply(specs(10_000, () => 1_000).map((spec) => ({ ...spec, downIntervalMs: 10_000 })));
  fleet.time.advance(5_000);
  fleet.result = failure("L4CON");
  fleet.time.advance(45_000);
  expectLevel(fleet.perSlot(30_000, 50_000), 100);
  // On the way to the grid they are never as many as they were before.
  expect(Math.max(...fleet.perSlot(6_200, 30_000))).toBeLessThan(500);
  expect(fleet.skipped).toBe(0);
}, 60_000);

test("spread: with interval 5s, fall 3 and fast_interval 500ms, each of 1,000 backends that die is unhealthy within 6.1 s", async () => {
  using fleet = new Fleet();
  const pace = { intervalMs: 5_000, fastIntervalMs: 500, downIntervalMs: 5_000, fall: 3 };
  await fleet.apply(specs(1_000, () => 5_000).map((spec) => ({ ...spec, ...pace })));
  fleet.time.advance(17_000);
  fleet.result = failure("L4CON");
  fleet.time.advance(6_000);
  expect(fleet.counts().unhealthy).toBeGreaterThan(950);
  fleet.time.advance(100);
  expect(fleet.counts()).toEqual({ unknown: 0, healthy: 0, unhealthy: 1_000 });
  expect(fleet.skipped).toBe(0);
}, 60_000);

test("spread: the first interval is never busier than the first starts are", async () => {
  using fleet = new Fleet();
  await fleet.apply(specs(10_000, () => 10_000));
  fleet.time.advance(10_000);
  const [burst, rest] = [fleet.perSlot(0, 1_500), fleet.perSlot(1_500, 10_000)];
  expect(Math.max(...rest)).toBeLessThan(Math.max(...burst) / 2);
}, 60_000);

test("spread: intervals of 1, 2, 5 and 10 s mixed are level in sum", async () => {
  using fleet = new Fleet();
  const intervals = [1_000, 2_000, 5_000, 10_000];
  await fleet.apply(specs(8_000, (index) => intervals[index % intervals.length] ?? 0));
  fleet.time.advance(30_000);
  expectLevel(fleet.perSlot(11_500, 30_000), 200 + 100 + 40 + 20);
  expect(fleet.skipped).toBe(0);
}, 60_000);

test("spread: 10,000 that go from 60 s to 10 s are level 10 s later", async () => {
  using fleet = new Fleet();
  await fleet.apply(specs(10_000, () => 60_000));
  fleet.time.advance(65_000);
  await fleet.apply(specs(10_000, () => 10_000));
  fleet.time.advance(35_000);
  expectLevel(fleet.perSlot(80_000, 100_000), 100);
  expect(fleet.skipped).toBe(0);
}, 60_000);

test("spread: a healthcheck's starts are the same moments of the day after a restart, an unchanged list and a return", async () => {
  const set = specs(200, () => 10_000);
  /** The start of each between 60 s and 70 s by the clock on the wall. */
  const moments = (fleet: Fleet) =>
    [...fleet.startsMs].map(([id, startsMs]) => {
      const startMs = startsMs.find((ms) => ms >= 60_000) ?? 0;
      return [id, Math.floor(startMs / TICK_MS / 2)];
    });
  const run = async (bootMs: number, during: (fleet: Fleet) => Promise<void>) => {
    using fleet = new Fleet(bootMs);
    await fleet.apply(set);
    fleet.time.advance(25_000);
    await during(fleet);
    fleet.time.advance(75_000 - 25_000 - bootMs);
    return moments(fleet);
  };
  const plain = await run(0, async () => {});
  const others = [
    await run(7_333, async () => {}),
    await run(0, (fleet) => fleet.apply(set.toReversed())),
    await run(0, async (fleet) => {
      await fleet.apply(set.slice(0, 50));
      await fleet.apply(set);
    }),
  ];
  expect(new Set(plain.map(([, ms]) => ms)).size).toBeGreaterThan(150);
  // A tick more or less moves a start into the neighboring bucket.
  const near = (other: typeof plain) =>
    plain.every(
      ([id, ms]) =>
        Math.abs(Number(ms) - Number(new Map(other.map(([key, at]) => [key, at])).get(id ?? ""))) <= 1,
    );
  expect(others.map(near)).toEqual([true, true, true]);
}, 60_000);
