/**
 * Spread of the checks of the compiled executable over their interval, before and after a restart. Run by `bun test`.
 */
// alone: measures time

import { expect, setDefaultTimeout, test } from "bun:test";
import { startSink } from "../harness/backends/sink.ts";
import { printFigure, quantile } from "../harness/base/figures.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck, times } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { requestStatus } from "../harness/client/client-assertions.ts";
import { NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";

setDefaultTimeout(60_000);

const CHECKS = 1_000;
const INTERVAL_MS = 2_000;
const SLOTS = 10;

/** By how much of the interval two phases differ, the shorter way round. */
function distance(one: number, other: number): number {
  const apart = Math.abs(one - other);
  return Math.min(apart, 1 - apart);
}

test("daemon: after the first interval the checks lie all over it, and after a restart where they lay before", async () => {
  await using sink = await startSink(20);
  const target = (n: number) => sink.targets[n % sink.targets.length] ?? { hostname: "127.0.0.1", port: 1 };
  /** By id, the share of the interval at which the newest check began by the clock on the wall. */
  const phases = async () => {
    await using daemon = await startDaemon({ config: NO_REFRESH });
    await using client = await connectClient(daemon.socketPath);
    client.update(
      times(CHECKS, (n) => tcpCheck(n, target(n), { interval: `${INTERVAL_MS}ms`, timeout: "1s" })),
    );
    const startMs = performance.now();
    await until(
      () => performance.now() - startMs > 2.6 * INTERVAL_MS,
      4 * INTERVAL_MS,
      "two intervals and a half",
    );
    const statuses = await requestStatus(client);
    return times(CHECKS, (n) => {
      const startedAtMs = Date.parse(statuses.get(String(n))?.last_check ?? "");
      return (startedAtMs % INTERVAL_MS) / INTERVAL_MS;
    });
  };
  const before = await phases();
  const counts = times(SLOTS, (slot) => before.filter((phase) => Math.floor(phase * SLOTS) === slot).length);
  // Five neighboring slots hold half of the checks. A busy machine begins some of them late.
  const halves = counts.map((_, first) =>
    times(SLOTS / 2, (step) => counts[(first + step) % SLOTS] ?? 0).reduce((sum, count) => sum + count, 0),
  );
  printFigure(
    "the fullest half of the interval holds",
    (100 * Math.max(...halves)) / CHECKS,
    "% of the checks",
  );
  expect(Math.max(...halves)).toBeLessThan(0.75 * CHECKS);
  const after = await phases();
  const moved = before.map((phase, n) => distance(phase, after[n] ?? 0));
  printFigure("a restart moves the median check by", 100 * quantile(moved, 0.5), "% of the interval");
  expect(quantile(moved, 0.5)).toBeLessThan(0.1);
});
