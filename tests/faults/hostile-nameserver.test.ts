/**
 * Nameservers that send what is costly to decode: long chains of compression pointers, in large and in many answers, with wrong ids and
 * right ones, over UDP and TCP. Healthy backends beside them are checked on time. Run by `bun test`.
 */
// alone: measures time
import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { startHealthy } from "../harness/backends/healthy.ts";
import { ASKED } from "../harness/backends/rogue-dns-server.ts";
import { startChild } from "../harness/base/child.ts";
import { printFigure } from "../harness/base/figures.ts";
import { freePort } from "../harness/base/ports.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { UNDISTURBED } from "../harness/base/undisturbed.ts";
import { until } from "../harness/base/wait.ts";
import { dnsCheck, times } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { notifications, requestStatus } from "../harness/client/client-assertions.ts";
import { NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";
import { metricsConfig, sampleOf, scrape, sumOf } from "../harness/daemon/metrics.ts";
import { listenForNotifications } from "../harness/daemon/notify-socket.ts";

setDefaultTimeout(60_000);

const HOSTILE = 120;
const HEALTHY = 50;
const FIRST_HEALTHY = 1_000;
const PACE = { interval: "200ms", timeout: "150ms" };
const CONTROL_MS = 3_000;
const ATTACK_MS = 5_000;
const WATCHDOG_MS = 2_000;
/** Maximum share of the time, beyond the share that is lost without the attack. */
const MAX_STALLED = 0.02;
/** Small and right, these are answers; all the others are strays, or no good over TCP. */
const STRAYS =
  /^L7RSP DNS A \S+ @\S+: no valid answer (among (64|4) datagrams, the last one|within 150ms, only) (a|an) /;
const NO_RECORD = /^L7(OK|STS) DNS A /;

async function startHostile() {
  const script = join(import.meta.dir, "..", "harness", "backends", "hostile-names-process.ts");
  const command = [...UNDISTURBED, process.execPath, script];
  const child = await startChild(command, "the ports of the hostile nameservers");
  // The cast names what our own program writes.
  const ports = JSON.parse(child.first) as Record<string, number>;
  return { ports, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
}

test("backend: dns: answers that are costly to decode cost a little, and neighbors nothing", async () => {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(makeTempDir("hostile-names"));
  const listener = stack.use(listenForNotifications(join(dir.path, "notify.sock")));
  const healthy = stack.use(await startHealthy({ prefix: UNDISTURBED }));
  const { ports } = stack.use(await startHostile());
  const port = freePort();
  const env = { NOTIFY_SOCKET: listener.address, WATCHDOG_USEC: String(WATCHDOG_MS * 1_000) };
  const daemon = stack.use(
    await startDaemon({ config: NO_REFRESH + metricsConfig(port), env, prefix: UNDISTURBED }),
  );
  const client = stack.use(await connectClient(daemon.socketPath));
  const neighbors = healthy.checks(HEALTHY, FIRST_HEALTHY, { interval: "200ms", timeout: "1s" });
  const kinds = Object.entries(ports);
  const attack = times(HOSTILE, (id) => {
    const [, at] = kinds[id % kinds.length] ?? [];
    return dnsCheck(id, ASKED, { ...PACE, ip: "127.0.0.1", port: at, query_type: "A" });
  });
  const phase = async (checks: readonly string[], ms: number) => {
    client.update([...checks]);
    const [before, startMs, cpuMs] = [await scrape(port), performance.now(), daemon.cpuMs()];
    await Bun.sleep(ms);
    const after = await scrape(port);
    const tookMs = performance.now() - startMs;
    const stalled = "healthcheck_stalled_seconds_total";
    return {
      stalled: ((sampleOf(after, stalled) - sampleOf(before, stalled)) * 1_000) / tookMs,
      cpu: (daemon.cpuMs() - cpuMs) / tookMs,
      skipped:
        sumOf(after, "healthcheck_checks_skipped_total") - sumOf(before, "healthcheck_checks_skipped_total"),
    };
  };
  client.update(neighbors);
  await until(() => client.latest.size >= HEALTHY, 10_000, "the neighbors' first results");
  const control = await phase(neighbors, CONTROL_MS);
  const attacked = await phase([...neighbors, ...attack], ATTACK_MS);
  printFigure("stalled without the attack", control.stalled * 100, "%");
  printFigure("stalled under attack", attacked.stalled * 100, "%");
  printFigure("CPU without the attack", control.cpu * 100, "%");
  printFigure("CPU under attack", attacked.cpu * 100, "%");

  const statuses = await requestStatus(client);
  const found = Object.fromEntries(
    kinds.map(([kind], index) => {
      const { message = "" } = statuses.get(String(index)) ?? {};
      return [kind, message];
    }),
  );
  for (const [kind, message] of Object.entries(found)) {
    const small = kind === "pointersFrames" || kind.endsWith("OverTcp");
    expect([kind, message]).toEqual([kind, expect.stringMatching(small ? NO_RECORD : STRAYS)]);
  }
  const states = times(HEALTHY, (index) => statuses.get(String(FIRST_HEALTHY + index))?.state);
  expect(new Set(states)).toEqual(new Set(["healthy"]));
  const lost = notifications(client).filter(
    ({ id, status }) => Number(id) >= FIRST_HEALTHY && status.state !== "healthy",
  );
  expect(lost).toEqual([]);
  expect(attacked.stalled).toBeLessThan(MAX_STALLED + control.stalled);
  expect(attacked.skipped).toBe(0);
  const feeds = listener.times("WATCHDOG=1");
  const gaps = feeds.slice(1).map((atMs, index) => atMs - (feeds[index] ?? 0));
  expect(gaps.length).toBeGreaterThan(4);
  expect(Math.max(...gaps)).toBeLessThan(WATCHDOG_MS);
});
