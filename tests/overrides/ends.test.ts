/** Overrides end at their time, whatever happens to the clock and the server meanwhile; in virtual time. */
import { expect, test } from "bun:test";
import { id } from "../harness/fakes/fakes.ts";
import { FIRST_RESULT_MS, World } from "./world.ts";

const HOUR_MS = 3_600_000;

/** Expects that the override of healthcheck 1 ends within a second after a time. @param leftMs - from now */
function expectEnd(world: World, leftMs: number): void {
  const monitor = world.process.monitors.get(id(1));
  world.time.advance(leftMs - 1);
  expect(monitor?.override?.action).toBe("unhealthy");
  world.time.advance(1_000);
  expect(monitor?.override).toBeUndefined();
  expect(world.log.entries.at(-1)).toMatchObject({
    message: "Override ended",
    fields: { ids: "1", reason: "its time is over" },
  });
}

async function forced(durationMs: number): Promise<World> {
  const world = new World();
  world.add(1, "healthy");
  expect(await world.set("unhealthy", { duration_ms: durationMs })).toMatchObject({ healthchecks: 1 });
  expect(world.reports.splice(0)).toEqual(["1 healthy", "1 unhealthy", "--"]);
  return world;
}

test.each([0, HOUR_MS, -HOUR_MS])(
  "overrides: one ends at its time with the wall clock set by %d ms",
  async (stepMs) => {
    using world = await forced(60_000);
    world.time.advance(10_000);
    world.stepMs = stepMs;
    expectEnd(world, 50_000);
    await Promise.resolve();
    expect(world.reports).toEqual(["1 healthy", "--"]);
  },
);

test.each([
  ["at once", 0, 0],
  ["after 20 s", 20_000, 0],
  ["and the wall clock is set forward", 20_000, HOUR_MS],
  ["and the wall clock is set back", 20_000, -HOUR_MS],
])(
  "overrides: one ends at its time when the server is killed and starts %s",
  async (_when, downMs, stepMs) => {
    using world = await forced(60_000);
    world.time.advance(10_000);
    world.restart(downMs, () => {
      world.stepMs = stepMs;
    });
    world.add(1, "healthy");
    expectEnd(world, 50_000 - downMs - FIRST_RESULT_MS);
  },
);

test("overrides: one ends at its time after a second restart and two steps", async () => {
  using world = await forced(60_000);
  for (const stepMs of [HOUR_MS, -HOUR_MS]) {
    world.time.advance(5_000);
    world.stepMs = stepMs;
    world.restart(5_000);
    world.add(1);
  }
  expectEnd(world, 40_000);
});

test("overrides: one whose time has passed during a restart is not applied", async () => {
  using world = await forced(60_000);
  world.restart(60_001);
  world.add(1, "healthy");
  expect(world.process.overrides.list()).toEqual([]);
  expect(world.reports).toEqual(["--", "1 healthy"]);
  expect(world.log.entries).toContainEqual({
    level: "info",
    message: "Override ended",
    fields: { healthchecks: 1, ids: "1", reason: "its time was over before this start" },
  });
});

test("overrides: after a boot the wall clock counts", async () => {
  using world = await forced(60_000);
  world.restart(0, () => {
    world.bootId = "b".repeat(32);
    world.stepMs = 30_000;
  });
  world.add(1);
  expectEnd(world, 30_000);
});

test("overrides: no timer runs without one, and one that is replaced ends once, at the later time", async () => {
  using world = await forced(10_000);
  await world.set("unhealthy", { duration_ms: 30_000 });
  expectEnd(world, 30_000);
  world.time.advance(HOUR_MS);
  await Promise.resolve();
  expect(world.log.entries.filter(({ message }) => message === "Override ended")).toHaveLength(1);
});
