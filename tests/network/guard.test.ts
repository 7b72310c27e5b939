/** Tests for src/network/guard.ts: networks that go and backends that die, in virtual time and from many seeds. */
import { expect, test } from "bun:test";
import { type Fate, World, type WorldOptions } from "./guard-world.ts";

const SEEDS = Array.from({ length: 12 }, (_, index) => index + 1);
const PLAIN = { count: 200, intervalMs: 1_000, timeoutMs: 400, fall: 2, holdMs: 10_000 };
/** Two ticks: an early check of another backend, and its answer. */
const PROMPT_MS = 8;
const KINDS: readonly Fate[] = ["dropped", "refused"];

/** Worlds of every seed, kind of failure and threshold. */
function* worlds(options: Partial<WorldOptions> = {}): Generator<readonly [World, Fate, WorldOptions]> {
  for (const seed of SEEDS)
    for (const fall of [1, 2, 3])
      for (const kind of KINDS) {
        const all = { ...PLAIN, seed, fall, ...options };
        const world = new World(all);
        world.advance(3_000);
        yield [world, kind, all];
      }
}

test("guard: a network that goes and comes back takes no healthcheck out", () => {
  for (const awayMs of [300, 700, 1_500, 8_000])
    for (const [world, kind, { intervalMs, timeoutMs }] of worlds({ count: 120 })) {
      world.uplink = kind;
      world.advance(awayMs);
      world.uplink = "answered";
      world.advance(2 * intervalMs + timeoutMs);
      expect(world.reports(0)).toEqual([]);
      expect(world.guard.held).toBe(0);
      expect(world.guard.isBlind).toBe(false);
    }
});

test("guard: is blind within an interval, and sighted within an interval of the return", () => {
  for (const [world, kind, { intervalMs }] of worlds()) {
    const lostMs = world.nowMs;
    world.uplink = kind;
    world.advance(5_000);
    const backMs = world.nowMs;
    world.uplink = "answered";
    world.advance(3_000);
    expect(world.edges.map(({ edge }) => edge)).toEqual(["blind", "sighted"]);
    const [blind, sighted] = world.edges;
    expect(blind?.atMs).toBeLessThanOrEqual(lostMs + intervalMs);
    expect(sighted?.atMs).toBeLessThanOrEqual(backMs + intervalMs);
  }
});

test("guard: when 40% of the backends die, each is reported as early as without a guard", () => {
  for (const [world, kind, options] of worlds()) expectPrompt(world, kind, options, 0.4);
});

test("guard: when all die and a reference answers, each is reported as early as without a guard", () => {
  for (const [world, kind, options] of worlds({ hasReference: true })) expectPrompt(world, kind, options, 1);
});

test("guard: a few backends that die among few others are reported as early as without a guard", () => {
  for (const [world, kind, options] of worlds({ count: 8, intervalMs: 5_000 }))
    expectPrompt(world, kind, options, 0.375);
});

/** Kills a share of the backends, and the same in a world whose guard holds nothing. */
function expectPrompt(world: World, kind: Fate, options: WorldOptions, share: number): void {
  const free = new World({ ...options, share: 1 });
  free.advance(world.nowMs);
  const killedMs = world.nowMs;
  const count = Math.round(options.count * share);
  for (const one of [world, free]) {
    one.kill(count, kind);
    one.advance((options.fall + 1) * options.intervalMs + options.timeoutMs);
  }
  const [with_, without] = [world.reports(killedMs), free.reports(killedMs)];
  expect(without).toHaveLength(count);
  expect(with_).toHaveLength(count);
  for (const [index, atMs] of with_.entries())
    expect(atMs - (without[index] ?? 0)).toBeLessThanOrEqual(PROMPT_MS);
  expect(world.guard.isBlind).toBe(false);
}

test("guard: when all die without references, all are reported when the hold is over", () => {
  for (const [world, kind, { fall, intervalMs, timeoutMs, holdMs }] of worlds()) {
    const killedMs = world.nowMs;
    world.kill(PLAIN.count, kind);
    world.advance(holdMs + fall * intervalMs + timeoutMs);
    const reports = world.reports(killedMs);
    expect(reports).toHaveLength(PLAIN.count);
    const firstMs = (fall - 1) * intervalMs + (kind === "dropped" ? timeoutMs : 0);
    expect(reports[0]).toBeGreaterThanOrEqual(holdMs - 100);
    expect(reports.at(-1)).toBeLessThanOrEqual(holdMs + firstMs + 200);
    expect(world.guard.isBlind).toBe(true);
    world.kill(PLAIN.count, "answered");
    world.advance(2 * intervalMs);
    expect(world.guard.isBlind).toBe(false);
  }
});

test("guard: fewer than five healthchecks are never held", () => {
  for (const [world, kind, { fall, intervalMs, timeoutMs }] of worlds({ count: 4 })) {
    const killedMs = world.nowMs;
    world.kill(4, kind);
    world.advance((fall + 1) * intervalMs + timeoutMs);
    const reports = world.reports(killedMs);
    expect(reports).toHaveLength(4);
    expect(reports.at(-1)).toBeLessThanOrEqual(fall * intervalMs + timeoutMs + 2 * PROMPT_MS);
  }
});

test("guard: the hold does not end while this process is stopped", () => {
  for (const [world, kind, { intervalMs, timeoutMs }] of worlds()) {
    world.uplink = kind;
    world.advance(4_000);
    // A virtual machine that moves: the network is back when it continues.
    world.nowMs += 60_000;
    world.uplink = "answered";
    world.advance(2 * intervalMs + timeoutMs);
    expect(world.reports(0)).toEqual([]);
    expect(world.guard.held).toBe(0);
  }
});

test("guard: checks of long intervals are repeated before the hold ends", () => {
  for (const [world, kind] of worlds({ count: 8, intervalMs: 20_000, fall: 1 })) {
    world.advance(20_000);
    world.uplink = kind;
    while (!world.guard.isBlind) world.advance(100);
    world.advance(2_000);
    world.uplink = "answered";
    world.advance(20_000);
    expect(world.reports(0)).toEqual([]);
  }
});

test("guard: one backend that dies among idle ones is reported as early as without a guard", () => {
  for (const [world, kind, options] of worlds({ count: 8, intervalMs: 20_000 }))
    expectPrompt(world, kind, options, 0.125);
});

test("guard: many checks that begin together after a pause are not a silence", () => {
  const world = new World({ ...PLAIN, seed: 1, intervalMs: 60_000 });
  world.advance(60_000);
  for (const check of world.checks) check.dueMs = world.nowMs + 30_000;
  world.advance(31_000);
  expect(world.edges).toEqual([]);
});
