/** A fast interval and damping while the network of this host goes: monitors and the guard of the network together, in virtual time. */
import { expect, test } from "bun:test";
import type { Attempt, Checker, OnResult } from "../../src/checks/checker.ts";
import { DAMPING_DEFAULTS, type HealthcheckSpec } from "../../src/model/spec.ts";
import { CHANGE_PENALTY } from "../../src/monitor/damping.ts";
import { Monitor } from "../../src/monitor/monitor.ts";
import type { NetworkGate } from "../../src/monitor/network-gate.ts";
import { Guard } from "../../src/network/guard.ts";
import { Scheduler } from "../../src/scheduler/scheduler.ts";
import { FakeDialer, failure, makeSpec, success, VirtualTime } from "../harness/fakes/fakes.ts";

const COUNT = 20;
const HOLD_MS = 10_000;
const ADVANCE_MS = 50;
const INTERVAL_MS = 1_000;
/** Gap of checks on the grid, seen at the resolution of the scheduler. */
const TICK_MS = 8;

/** Monitors behind one guard; a check ends at once. */
class HeldWorld implements Disposable {
  readonly time = new VirtualTime();
  readonly monitors: Monitor[] = [];
  /** State changes as a client gets them, by place of the monitor. */
  readonly changes: string[][] = [];
  /** Edges of damping, likewise. */
  readonly dampings: string[][] = [];
  readonly startsMs: number[][] = [];
  /** Places of the backends that are down. */
  readonly down = new Set<number>();
  isNetworkUp = true;
  readonly #guard = new Guard(
    { holdMs: HOLD_MS, share: 0.5 },
    { blinded: () => {}, sighted: () => {}, expired: () => {}, doubted: () => {} },
  );
  readonly #scheduler: Scheduler;

  constructor(changes: Partial<HealthcheckSpec>) {
    const noEvents = { ticked: () => {}, stalled: () => {}, fault: () => {}, mayStart: () => true };
    this.#scheduler = new Scheduler(this.time, new FakeDialer(), noEvents);
    for (let at = 0; at < COUNT; at++) this.#add(at, changes);
    this.advance(3 * INTERVAL_MS);
  }

  get isBlind(): boolean {
    return this.#guard.isBlind;
  }

  get held(): number {
    return this.#guard.held;
  }

  advance(ms: number): void {
    const endMs = this.time.nowMs() + ms;
    while (this.time.nowMs() < endMs) {
      this.time.advance(ADVANCE_MS);
      this.#guard.advance(this.time.nowMs());
    }
  }

  /** Lets a backend go down and come back, each long enough to be reported. */
  flip(place: number): void {
    this.down.add(place);
    this.advance(3 * INTERVAL_MS);
    this.down.delete(place);
    this.advance(3 * INTERVAL_MS);
  }

  #add(at: number, changes: Partial<HealthcheckSpec>): void {
    const seen: string[] = [];
    const edges: string[] = [];
    this.changes.push(seen);
    this.dampings.push(edges);
    this.startsMs.push([]);
    const gate: NetworkGate = { holdMs: HOLD_MS, join: (owner) => this.#guard.join(owner) };
    const monitor = new Monitor(
      makeSpec(at + 1, { intervalMs: INTERVAL_MS, downIntervalMs: INTERVAL_MS, ...changes }),
      this.#checker(at),
      {
        clock: this.time,
        scheduler: this.#scheduler,
        gate,
        observers: [
          {
            settled: (_monitor, { transition, damping }) => {
              if (transition !== undefined) seen.push(transition.to);
              if (damping !== undefined) edges.push(damping);
            },
            released: (_monitor, { to }, damping) => {
              seen.push(to);
              if (damping !== undefined) edges.push(damping);
            },
            skipped: () => {},
          },
        ],
      },
    );
    this.monitors.push(monitor);
    const share = at / COUNT;
    monitor.start(share * INTERVAL_MS, { originMs: 0, share });
  }

  #checker(at: number): Checker {
    return {
      start: (_timeoutMs, done: OnResult): Attempt => {
        this.startsMs[at]?.push(this.time.nowMs());
        setTimeout(() => done(this.isNetworkUp && !this.down.has(at) ? success() : failure("L4TOUT")), 1);
        return { cancel: () => {}, expire: () => failure("L4TOUT") };
      },
    };
  }

  [Symbol.dispose](): void {
    this.#scheduler.stop();
    this.time[Symbol.dispose]();
  }
}

const DAMPED = { fall: 2, fastIntervalMs: INTERVAL_MS, damping: DAMPING_DEFAULTS };

test("held: a network that goes and returns within the hold reports nothing and adds no penalty, also when it repeats", () => {
  using world = new HeldWorld(DAMPED);
  for (let times = 0; times < 5; times++) {
    world.isNetworkUp = false;
    world.advance(5_000);
    expect([world.isBlind, world.held]).toEqual([true, COUNT]);
    world.isNetworkUp = true;
    world.advance(3_000);
    expect([world.isBlind, world.held]).toEqual([false, 0]);
  }
  expect(world.changes).toEqual(Array.from({ length: COUNT }, () => ["healthy"]));
  expect(world.monitors.map(({ damping }) => damping?.penalty)).toEqual(Array(COUNT).fill(0));
});

test("held: a change that is reported at the end of the hold adds its penalty, once", () => {
  using world = new HeldWorld(DAMPED);
  world.isNetworkUp = false;
  world.advance(HOLD_MS - 1_000);
  expect(world.changes).toEqual(Array.from({ length: COUNT }, () => ["healthy"]));
  world.advance(3_000);
  expect(world.changes).toEqual(Array.from({ length: COUNT }, () => ["healthy", "unhealthy"]));
  for (const { damping } of world.monitors) {
    expect(damping?.penalty).toBeLessThanOrEqual(CHANGE_PENALTY);
    expect(damping?.penalty).toBeGreaterThan(CHANGE_PENALTY / 2);
  }
  world.isNetworkUp = true;
  world.advance(3_000);
  expect(world.changes).toEqual(Array.from({ length: COUNT }, () => ["healthy", "unhealthy", "healthy"]));
  expect(world.dampings.flat()).toEqual([]);
});

test("held: a flapping backend whose next fall is held is damped when that is reported, with both edges", () => {
  using world = new HeldWorld(DAMPED);
  world.flip(0);
  expect(world.changes[0]).toEqual(["healthy", "unhealthy", "healthy"]);
  world.isNetworkUp = false;
  world.advance(HOLD_MS - 1_000);
  expect([world.monitors[0]?.isDamped, world.changes[0]?.length]).toEqual([false, 3]);
  world.advance(3_000);
  expect(world.changes[0]).toEqual(["healthy", "unhealthy", "healthy", "unhealthy"]);
  expect(world.dampings.map((edges) => edges.length)).toEqual([1, ...Array(COUNT - 1).fill(0)]);
  expect(world.monitors[0]?.status.message).toContain("damped");
  world.isNetworkUp = true;
  world.advance(3_000);
  // The others are healthy at once; this one only when it has been calm, and then surely.
  expect(world.monitors.map(({ health }) => health.state)).toEqual([
    "unhealthy",
    ...Array(COUNT - 1).fill("healthy"),
  ]);
  world.advance(4 * DAMPING_DEFAULTS.halfLifeMs);
  expect(world.changes[0]?.at(-1)).toBe("healthy");
  expect(world.dampings[0]).toEqual(["began", "ended"]);
});

test("held: backends are checked at the fast interval while their fall is held, and are back on the grid after it", () => {
  const fastIntervalMs = 200;
  using world = new HeldWorld({ fall: 2, fastIntervalMs });
  world.isNetworkUp = false;
  world.advance(5_000);
  expect(world.held).toBe(COUNT);
  for (const starts of world.startsMs) {
    const [before = 0, last = 0] = starts.slice(-2);
    expect(Math.abs(last - before - fastIntervalMs)).toBeLessThanOrEqual(TICK_MS);
  }
  world.isNetworkUp = true;
  // Sighted, and nothing held, within an interval: the fast checks find the network as soon as it is back.
  world.advance(INTERVAL_MS);
  expect([world.isBlind, world.held]).toEqual([false, 0]);
  world.advance(5 * INTERVAL_MS);
  for (const starts of world.startsMs) {
    const [before = 0, last = 0] = starts.slice(-2);
    expect(Math.abs(last - before - INTERVAL_MS)).toBeLessThanOrEqual(TICK_MS);
  }
  expect(world.changes).toEqual(Array.from({ length: COUNT }, () => ["healthy"]));
});
