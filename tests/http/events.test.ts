/** Content of the live feed; in virtual time, with real connections. */
import { expect, test } from "bun:test";
import { someTurns } from "../harness/base/event-loop.ts";
import { readAnswer } from "../harness/client/raw-http.ts";
import { failure, makeSpec, success, VirtualTime } from "../harness/fakes/fakes.ts";
import { eventsOf, openFeed, tick, view } from "../harness/fakes/feed-fixture.ts";

const EMPTY = { healthchecks: 0, healthy: 0, unhealthy: 0, unknown: 0, version: "1.2.3" };

test("events: a viewer receives the totals immediately and then every second", async () => {
  using feed = await openFeed();
  const viewer = await view(feed.fixture);
  const { status, headers } = readAnswer(viewer.text);
  expect([status, headers.get("content-type"), headers.get("cache-control")]).toEqual([
    200,
    "text/event-stream",
    "no-store",
  ]);
  feed.fixture.stock.add(makeSpec(1), [success()]);
  feed.fixture.stock.add(makeSpec(2));
  // A state change is waiting for its tick.
  expect(eventsOf(viewer)).toEqual([{ name: "totals", data: EMPTY }]);
  await tick(feed.time);
  expect(eventsOf(viewer)[1]).toEqual({
    name: "totals",
    data: { ...EMPTY, healthchecks: 2, healthy: 1, unknown: 1 },
  });
  await tick(feed.time);
  expect(eventsOf(viewer).filter(({ name }) => name === "totals").length).toBe(3);
});

test("events: changes come with their tick, and a tick without any has no such event", async () => {
  using feed = await openFeed();
  const { stock } = feed.fixture;
  const viewer = await view(feed.fixture);
  const monitor = stock.add(makeSpec(7), [success()]);
  stock.check(monitor, failure("L4CON"));
  stock.check(monitor, failure("L4CON"));
  await tick(feed.time);
  await tick(feed.time);
  const changes = eventsOf(viewer).filter(({ name }) => name === "changes");
  const at = (ms: number) => new Date(VirtualTime.WALL_MS + ms).toISOString();
  const about = { id: "7", type: "tcp", target: "tcp://10.0.0.1:80" };
  expect(changes.map(({ data }) => data)).toEqual([
    {
      changes: [
        {
          ...about,
          from: "unknown",
          to: "healthy",
          at: at(1),
          reason: "L4OK TCP connect to 10.0.0.1:80: connected",
        },
        { ...about, from: "healthy", to: "unhealthy", at: at(2), reason: "L4CON the check failed" },
      ],
      more: 0,
    },
  ]);
});

test("events: of more than 100 changes in a tick the rest is a number, and the next tick starts from zero", async () => {
  using feed = await openFeed();
  const viewer = await view(feed.fixture);
  for (let number = 0; number < 130; number++) feed.fixture.stock.add(makeSpec(number), [success()]);
  await tick(feed.time);
  feed.fixture.stock.add(makeSpec(1_000), [success()]);
  await tick(feed.time);
  const changes = eventsOf(viewer).filter(({ name }) => name === "changes");
  const sizes = changes.map(({ data }) => [Object(data).changes.length, Object(data).more]);
  expect(sizes).toEqual([
    [100, 30],
    [1, 0],
  ]);
});

test("events: without viewers nothing is gathered", async () => {
  using feed = await openFeed();
  const first = await view(feed.fixture);
  feed.fixture.stock.add(makeSpec(1), [success()]);
  await first[Symbol.asyncDispose]();
  await someTurns();
  feed.fixture.stock.add(makeSpec(2), [success()]);
  const second = await view(feed.fixture);
  await tick(feed.time);
  expect(eventsOf(second).map(({ name }) => name)).toEqual(["totals", "totals"]);
});

test("events: all viewers receive the same, whenever they connected", async () => {
  using feed = await openFeed();
  const early = await view(feed.fixture);
  feed.time.advance(600);
  const late = await view(feed.fixture);
  feed.fixture.stock.add(makeSpec(1), [failure("L7STS")]);
  await tick(feed.time);
  expect(eventsOf(late)).toEqual(eventsOf(early));
  expect(eventsOf(late).length).toBe(3);
});
