/** Tests for src/network/guard.ts: checks whose life an outage of this host overlaps, in virtual time and from many seeds. */
import { expect, test } from "bun:test";
import { type Fate, World, type WorldOptions } from "./guard-world.ts";

const SEEDS = [1, 2, 3, 4];
const HOLD_MS = 10_000;
/** Checks that time out within an interval, and those that outlast several. */
const PACES = [
  { intervalMs: 1_000, timeoutMs: 400 },
  { intervalMs: 200, timeoutMs: 1_000 },
] as const;
const KINDS: readonly Fate[] = ["dropped", "refused"];

/** Worlds of every seed, kind of failure, pace, threshold and round trip; with and without a reference. */
function* worlds(options: Partial<WorldOptions> = {}): Generator<readonly [World, Fate, WorldOptions]> {
  for (const seed of SEEDS)
    for (const kind of KINDS)
      for (const pace of PACES)
        for (const fall of [1, 2])
          for (const roundTripMs of [0, 140])
            for (const hasReference of [false, true]) {
              const shape = { seed, fall, roundTripMs, hasReference, count: 120, holdMs: HOLD_MS };
              const all = { ...shape, ...pace, ...options };
              const world = new World(all);
              world.advance(3_000);
              yield [world, kind, all];
            }
}

/** Waits until every check that began in the outage has ended, and each healthcheck has had another one; nothing came of it. */
function expectQuiet(world: World, { intervalMs, timeoutMs }: WorldOptions): void {
  world.advance(2 * (intervalMs + timeoutMs));
  expect(world.reports(0)).toEqual([]);
  expect(world.guard.held).toBe(0);
}

function edgesOf(world: World): string[] {
  return world.edges.map(({ edge }) => edge);
}

test.each([4, 52, 300, 900, 3_000])(
  "outage: a way that is gone for %d ms takes no healthcheck out, and is one outage",
  (awayMs) => {
    for (const [world, kind, options] of worlds()) {
      world.lose(kind);
      world.advance(awayMs);
      world.restore();
      expectQuiet(world, options);
      expect(edgesOf(world)).toEqual(["blind", "sighted"]);
    }
  },
);

test("outage: three backends suffice for what this host knows of itself", () => {
  for (const [world, kind, options] of worlds({ count: 3 })) {
    world.lose(kind);
    world.advance(300);
    world.restore();
    expectQuiet(world, options);
  }
});

test("outage: a way that was gone before it was noticed takes no healthcheck out", () => {
  for (const [world, , options] of worlds({ roundTripMs: 140 })) {
    world.uplink = "dropped";
    world.advance(options.timeoutMs / 5);
    world.uplink = "answered";
    world.guard.wayInterrupted(world.nowMs);
    expectQuiet(world, options);
    expect(world.guard.isBlind).toBe(false);
  }
});

test.each([900, 3_000])(
  "outage: a silence of %d ms takes no healthcheck out, and is one outage",
  (awayMs) => {
    for (const [world, kind, options] of worlds()) {
      world.uplink = kind;
      world.advance(awayMs);
      world.uplink = "answered";
      expectQuiet(world, options);
      expect(edgesOf(world)).toEqual(["blind", "sighted"]);
    }
  },
);

test("outage: one after the other for longer than the hold takes no healthcheck out", () => {
  for (const [world, kind, options] of worlds()) {
    for (const endMs = world.nowMs + 2 * HOLD_MS; world.nowMs < endMs; ) {
      world.lose(kind);
      world.advance(700);
      world.restore();
      world.advance(options.intervalMs + 200);
    }
    expectQuiet(world, options);
  }
});

test("outage: a backend that died in it is reported by its first check that began when the network was back", () => {
  for (const [world, kind, { intervalMs, timeoutMs, roundTripMs = 0 }] of worlds()) {
    world.lose(kind);
    world.advance(500);
    world.kill(20, "dropped");
    world.advance(500);
    world.restore();
    const backMs = world.nowMs;
    world.advance(2 * (intervalMs + timeoutMs));
    const sightedMs = (world.edges.at(-1)?.atMs ?? 0) - backMs;
    // A check that began too early may have to end first, and with a long interval it is followed by another one only then.
    const reports = world.reports(backMs);
    expect(reports).toHaveLength(20);
    const nextMs = Math.max(intervalMs, Math.ceil(timeoutMs / intervalMs) * intervalMs);
    expect(reports.at(-1)).toBeLessThanOrEqual(sightedMs + nextMs + timeoutMs + roundTripMs);
  }
});
