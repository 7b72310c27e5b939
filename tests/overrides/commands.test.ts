/** Commands of operators and what is reported about them, in virtual time. */
import { expect, test } from "bun:test";
import { id } from "../harness/fakes/fakes.ts";
import { World } from "./world.ts";

test("commands: what one changes is reported before it is answered, and answered when it is kept", async () => {
  using world = new World();
  world.add(1, "healthy");
  world.reports.length = 0;
  const written = Promise.withResolvers<string | undefined>();
  world.kept = () => written.promise;
  let answer: object | undefined;
  const asked = world.set("unhealthy").then((given) => {
    answer = given;
  });
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  expect([world.reports, answer]).toEqual([["1 unhealthy", "--"], undefined]);
  written.resolve(undefined);
  await asked;
  expect(answer).toMatchObject({ healthchecks: 1 });
  expect(answer).not.toHaveProperty("warning");
});

test("commands: one that is not kept has a warning with the reason, and is in effect", async () => {
  using world = new World();
  world.add(1, "healthy");
  world.kept = async () => "/run/states: no space left on device";
  expect(await world.set("unhealthy")).toMatchObject({
    healthchecks: 1,
    warning: "not kept over a restart: /run/states: no space left on device",
  });
  expect(await world.ask({ command: "release", all: true })).toMatchObject({
    healthchecks: 1,
    warning: expect.any(String),
  });
  // Nothing has changed.
  expect(await world.ask({ command: "release", all: true })).toEqual({ error: "no override matches all" });
});

test("commands: the end of a forced state reports the measured one, whatever it is", async () => {
  using world = new World();
  const { checker } = world.add(1, "healthy");
  await world.set("unhealthy");
  checker.found = "unhealthy";
  world.time.advance(5_000);
  world.reports.length = 0;
  await world.ask({ command: "release", id: "1" });
  // The message is another one, although the state is the same.
  expect(world.reports).toEqual(["1 unhealthy", "--"]);
});

test("commands: a state that is not measured yet is not reported at the end of a forced one", async () => {
  using world = new World();
  world.add(1);
  await world.set("healthy");
  await world.ask({ command: "release", id: "1" });
  expect(world.reports).toEqual(["1 healthy", "--", "--"]);
});

test("commands: a pause and its end report nothing, a pause in place of a forced state the measured one", async () => {
  using world = new World();
  world.add(1, "healthy");
  world.reports.length = 0;
  await world.set("paused");
  await world.ask({ command: "release", all: true });
  expect(world.reports.splice(0)).toEqual(["--", "--"]);
  await world.set("unhealthy");
  await world.set("paused");
  expect(world.reports).toEqual(["1 unhealthy", "--", "1 healthy", "--"]);
});

test("commands: an id that leaves the list and comes back is forced at once, with another check it is not", async () => {
  using world = new World();
  world.add(1, "healthy");
  world.add(2, "healthy");
  await world.set("unhealthy", { id: "1" });
  world.reports.length = 0;
  world.remove(1);
  expect(await world.ask({ command: "list" })).toMatchObject({
    overrides: [{ id: "1", target: null, measured_state: null, action: "unhealthy" }],
  });
  const { monitor } = world.add(1);
  expect([world.reports.splice(0), monitor.status.state]).toEqual([["1 unhealthy"], "unhealthy"]);
  world.remove(1);
  const { check } = world.add(3).monitor.spec;
  world.remove(3);
  world.add(1, "healthy", { check: { ...check, port: 81 } as typeof check });
  expect(world.reports).toEqual(["--", "1 healthy"]);
  expect(world.process.overrides.list()).toEqual([]);
});

test("commands: of 10,000 healthchecks each is forced, listed, recognized in a new list, and released", async () => {
  using world = new World();
  for (let number = 1; number <= 10_000; number++) world.add(number);
  const { monitors, overrides } = world.process;
  expect(await world.set("unhealthy")).toMatchObject({ healthchecks: 10_000 });
  expect(world.reports).toHaveLength(10_001);
  const listed = await world.ask({ command: "list" });
  expect(listed["overrides"]).toHaveLength(10_000);
  for (const number of [1, 5_000, 10_000]) {
    world.remove(number);
    expect(world.add(number).monitor.status.state).toBe("unhealthy");
  }
  expect(await world.ask({ command: "release", all: true })).toMatchObject({
    healthchecks: 10_000,
  });
  expect([overrides.list(), monitors.get(id(1))?.override]).toEqual([[], undefined]);
});
