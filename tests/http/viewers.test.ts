/** Viewers of the live feed, including those that do not read; in virtual time. */
import { expect, test } from "bun:test";
import { EventEmitter } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { EventFeed } from "../../src/http/events.ts";
import { someTurns, turnsUntil } from "../harness/base/event-loop.ts";
import { connectHttp, get, type RawHttp, readAnswer } from "../harness/client/raw-http.ts";
import { failure, makeSpec, success, VirtualTime } from "../harness/fakes/fakes.ts";
import { EVENTS, openFeed, view } from "../harness/fakes/feed-fixture.ts";

test("events: 16 viewers are served, the next is refused in JSON, and served once another has left", async () => {
  using feed = await openFeed();
  const viewers: RawHttp[] = [];
  for (let count = 0; count < 16; count++) viewers.push(await view(feed.fixture));
  const refused = await view(feed.fixture);
  const { status, headers, body } = readAnswer(refused.text);
  expect([status, headers.get("retry-after")]).toEqual([503, "10"]);
  expect(JSON.parse(body)).toEqual({ error: "16 viewers are connected, the maximum" });
  await viewers[3]?.[Symbol.asyncDispose]();
  await someTurns();
  expect((await view(feed.fixture)).text).toStartWith("HTTP/1.1 200 OK\r\n");
});

test("events: HEAD takes no place", async () => {
  using feed = await openFeed();
  for (let count = 0; count < 20; count++) {
    const http = await connectHttp(feed.fixture.port);
    http.write(`HEAD ${EVENTS} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    await turnsUntil(() => http.closed, "the answer");
    expect(readAnswer(http.text)).toMatchObject({ status: 200, body: "" });
  }
  expect((await view(feed.fixture)).text).toStartWith("HTTP/1.1 200 OK\r\n");
});

test("events: places that were asked for ahead on one connection are free again when it closes", async () => {
  using feed = await openFeed();
  const greedy = await connectHttp(feed.fixture.port);
  greedy.write(get(EVENTS).repeat(16));
  await turnsUntil(() => greedy.bytes > 250, "the first event");
  await greedy[Symbol.asyncDispose]();
  await someTurns();
  for (let count = 0; count < 16; count++) {
    expect((await view(feed.fixture)).text).toStartWith("HTTP/1.1 200 OK\r\n");
  }
});

test("events: who does not read holds no memory, does not keep the others from theirs, and is sent away in the end", async () => {
  using feed = await openFeed();
  const { stock } = feed.fixture;
  const deaf = await view(feed.fixture, false);
  const reading = await view(feed.fixture, false);
  deaf.pause();
  const monitors = Array.from({ length: 100 }, (_, number) => stock.add(makeSpec(number), [success()]));
  const ticks = 1_000;
  for (let count = 0; count < ticks; count++) {
    for (const monitor of monitors) stock.check(monitor, count % 2 === 0 ? failure("L7STS") : success());
    const before = reading.bytes;
    feed.time.advance(1_000);
    await turnsUntil(() => reading.bytes > before + 10_000, "the tick");
  }
  expect(reading.bytes).toBeGreaterThan(ticks * 15_000);
  deaf.resume();
  await turnsUntil(() => deaf.closed, "the end of who did not read");
  // It receives the contents of the buffers of the system, and not the events that it missed.
  expect(deaf.bytes).toBeLessThan(reading.bytes / 2);
});

test("events: a viewer that reads again after a while has missed ticks, and receives the next", () => {
  using time = new VirtualTime();
  const feed = new EventFeed(
    () => ({ unknown: 0, healthy: 0, unhealthy: 0 }),
    () => undefined,
    "1.2.3",
    16,
  );
  const written: string[] = [];
  const response = Object.assign(new EventEmitter(), {
    writableNeedDrain: false,
    writeHead: () => response,
    setHeader: () => response,
    write: (text: string) => written.push(text),
    end: () => response.emit("close"),
  });
  // Only what the feed makes use of is there.
  feed.serve({ method: "GET" } as IncomingMessage, response as unknown as ServerResponse);
  time.advance(1_000);
  response.writableNeedDrain = true;
  time.advance(10_000);
  expect(written.length).toBe(2);
  response.writableNeedDrain = false;
  time.advance(1_000);
  expect(written.length).toBe(3);
  response.end();
  time.advance(10_000);
  expect(written.length).toBe(3);
});

test("events: at the end every viewer is sent away", async () => {
  using feed = await openFeed();
  const viewers = [await view(feed.fixture), await view(feed.fixture)];
  feed.fixture.feed.close();
  await turnsUntil(() => viewers.every(({ text }) => text.endsWith("0\r\n\r\n")), "the end of each");
});
