/** Clients that keep asking on every place of the HTTP listener, and a new one that wants an answer. Run by `bun test`. */
// alone: measures time

import { expect, setDefaultTimeout, test } from "bun:test";
import { printFigure } from "../harness/base/figures.ts";
import { freePort } from "../harness/base/ports.ts";
import { connectHttp, get, type RawHttp, readAnswer } from "../harness/client/raw-http.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";
import { metricsConfig } from "../harness/daemon/metrics.ts";

setDefaultTimeout(60_000);

const CROWD = 45;
const PROBES = 100;
/** Probes beside the costly crowds: the crowd itself loads this machine too. */
const FEWER_PROBES = 20;
/** Behavior of a client of the crowd on its connection, until it is closed. */
type Habit = (http: RawHttp, stopped: () => boolean) => Promise<void>;

/** Asks as soon as it has got something. */
const keepsAsking: Habit = async (http, stopped) => {
  while (!http.closed && !stopped()) {
    const { bytes } = http;
    http.write(get("/metrics"));
    while (http.bytes === bytes && !http.closed && !stopped()) await Bun.sleep(1);
  }
};

/** Sends many requests ahead. */
const asksAhead: Habit = async (http, stopped) => {
  while (!http.closed && !stopped()) {
    http.write(get("/").repeat(20));
    await Bun.sleep(20);
  }
};

/** Asks once, and comes again. */
const comesAgain: Habit = async (http, stopped) => {
  http.write(get("/api/healthchecks", "Connection: close"));
  while (!http.closed && !stopped()) await Bun.sleep(1);
};

/** Connects, and says nothing. */
const saysNothing: Habit = async (http, stopped) => {
  while (!http.closed && !stopped()) await Bun.sleep(5);
};

const mixed = [keepsAsking, asksAhead, comesAgain, saysNothing];

test.each<[string, readonly Habit[]]>([
  ["keep asking", [keepsAsking]],
  ["ask ahead", [asksAhead]],
  ["come again and again", [comesAgain]],
  ["do all of it", mixed],
])("daemon: while 45 clients %s, every probe and scrape of a new one is answered", async (_name, habits) => {
  const port = freePort();
  await using daemon = await startDaemon({ config: metricsConfig(port) });
  await daemon.waitForLog(/Serving metrics/, 10_000);
  let over = false;
  const crowd = Array.from({ length: CROWD }, async (_, index) => {
    while (!over) {
      // One that was closed at once is refused, in the words of the runtime; it comes again.
      await using http = await connectHttp(port, false).catch(() => undefined);
      if (http === undefined) await Bun.sleep(1);
      else await habits[index % habits.length]?.(http, () => over);
    }
  });
  let slowestMs = 0;
  for (
    let probe = 0;
    probe < (habits[0] === keepsAsking && habits.length === 1 ? PROBES : FEWER_PROBES);
    probe++
  ) {
    const path = ["/healthz", "/metrics", "/readyz"][probe % 3] ?? "/";
    const startMs = performance.now();
    await using http = await connectHttp(port);
    http.write(get(path, "Connection: close"));
    const { status } = readAnswer(await http.waitForClose(20_000));
    expect([probe, path, status]).toEqual([probe, path, 200]);
    slowestMs = Math.max(slowestMs, performance.now() - startMs);
  }
  over = true;
  await Promise.all(crowd);
  printFigure("slowest answer to a new client", slowestMs, "ms");
  expect(daemon.log.filter((line) => / (WARN|ERROR) /.test(line))).toEqual([]);
});
