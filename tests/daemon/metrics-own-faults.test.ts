/** Metrics of local faults: running checks, skipped starts, inconclusive checks. Run by `bun test`. */
// alone: measures time

import { expect, setDefaultTimeout, test } from "bun:test";
import { acceptAll, type BackendSocket, hang, httpServer } from "../harness/backends/backends.ts";
import { until } from "../harness/base/wait.ts";
import { httpCheck, tcpCheck, times } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { requestStatus, stateOf } from "../harness/client/client-assertions.ts";
import type { Daemon } from "../harness/daemon/daemon.ts";
import { startMetered } from "../harness/daemon/daemon-with-metrics.ts";
import { type Samples, sampleOf, scrape, scrapeUntil } from "../harness/daemon/metrics.ts";

setDefaultTimeout(30_000);

const SOON_MS = 10_000;
const STOPPED_MS = 600;

const inconclusive = (cause: string) => `healthcheck_inconclusive_total{reason="${cause}"}`;

/** Stalls the process for a while. */
async function stopped(daemon: Daemon, meanwhile = () => {}): Promise<void> {
  daemon.signal("SIGSTOP");
  meanwhile();
  await Bun.sleep(STOPPED_MS);
  daemon.signal("SIGCONT");
}

test("daemon: metrics show checks under way, and count the starts that they prevent", async () => {
  await using silent = hang();
  await using metered = await startMetered();
  const { daemon, port } = metered;
  await using client = await connectClient(daemon.socketPath);
  client.update(times(3, (id) => httpCheck(id, silent, { interval: "100ms", timeout: "20s" })));
  const samples = await scrapeUntil(
    port,
    "starts that are left out",
    (read) => sampleOf(read, 'healthcheck_checks_skipped_total{reason="running"}') >= 9,
  );
  expect(sampleOf(samples, "healthcheck_checks_in_flight")).toBe(3);
  expect(sampleOf(samples, 'healthcheck_monitors_by_state{state="unknown"}')).toBe(3);
  expect(sampleOf(samples, "healthcheck_check_lateness_seconds_count")).toBe(0);
  client.update([httpCheck(0, silent, { interval: "100ms", timeout: "20s" })]);
  await scrapeUntil(
    port,
    "two to be canceled",
    (read) => sampleOf(read, "healthcheck_checks_in_flight") === 1,
  );
});

test.skipIf(Bun.which("prlimit") === null)(
  "daemon: without descriptors checks say nothing, are counted so, and a scrape works again afterwards",
  async () => {
    await using backend = acceptAll();
    await using metered = await startMetered();
    const { daemon, port } = metered;
    await using client = await connectClient(daemon.socketPath);
    // A socket without options serves the next check, which then needs no descriptor.
    client.update([tcpCheck(1, backend, { interval: "100ms", source_ip: "127.0.0.1" })]);
    await stateOf(client, 1, "healthy");
    const limit = (soft: string) => Bun.spawnSync(["prlimit", `--pid=${daemon.pid}`, `--nofile=${soft}:`]);
    // Fewer than it has: every socket() fails.
    limit("3");
    await Bun.sleep(500);
    limit("1024");
    const samples = await scrape(port);
    expect(sampleOf(samples, inconclusive("descriptors"))).toBeGreaterThanOrEqual(2);
    const status = (await requestStatus(client)).get("1");
    expect(status).toMatchObject({ state: "healthy", failures: 0 });
    expect(samples.get('healthcheck_checks_total{id="1",type="tcp",result="failure"}')).toBe(0);
  },
);

test("daemon: stalled time is counted", async () => {
  await using metered = await startMetered();
  const { daemon, port } = metered;
  await using silent = hang();
  await using client = await connectClient(daemon.socketPath);
  client.update([httpCheck(1, silent, { interval: "60s", timeout: "30s" })]);
  await scrapeUntil(port, "a check", (read) => sampleOf(read, "healthcheck_checks_in_flight") === 1);
  await stopped(daemon);
  // The scrape may be answered before the tick that was kept waiting.
  const ticks = (read: Samples, bound: string) =>
    sampleOf(read, `healthcheck_tick_delay_seconds_bucket{le="${bound}"}`);
  const samples = await scrapeUntil(
    port,
    "a tick that was kept waiting",
    (read) => ticks(read, "+Inf") > ticks(read, "0.25"),
  );
  expect(sampleOf(samples, "healthcheck_stalled_seconds_total")).toBeGreaterThan((STOPPED_MS - 200) / 1_000);
});

// The close may arrive before the tick that notices the stall, see tests/monitor/monitor-record.test.ts.
test("daemon: a backend that closes during a stall is not unhealthy", async () => {
  const asked: BackendSocket[] = [];
  await using backend = httpServer((_, socket) => {
    asked.push(socket);
  });
  await using metered = await startMetered();
  const { daemon, port } = metered;
  await using client = await connectClient(daemon.socketPath);
  client.update([httpCheck(1, backend, { interval: "60s", timeout: "5s" })]);
  await until(() => asked.length > 0, SOON_MS, "the request");
  await stopped(daemon, () => asked[0]?.end());
  const finished = "healthcheck_check_lateness_seconds_count";
  const samples = await scrapeUntil(port, "the end of the check", (read) => sampleOf(read, finished) > 0);
  expect(sampleOf(samples, inconclusive("stalled"))).toBe(1);
  expect((await requestStatus(client)).get("1")).toMatchObject({ state: "unknown", failures: 0 });
});

test("daemon: starts that came too late to be made up for are counted", async () => {
  await using backend = acceptAll();
  await using metered = await startMetered();
  const { daemon, port } = metered;
  await using client = await connectClient(daemon.socketPath);
  client.update([tcpCheck(1, backend, { interval: "50ms", timeout: "40ms" })]);
  await stateOf(client, 1, "healthy");
  await stopped(daemon);
  const late = 'healthcheck_checks_skipped_total{reason="late"}';
  const samples = await scrapeUntil(port, "starts left out", (read) => sampleOf(read, late) >= 5);
  expect(sampleOf(samples, "healthcheck_check_lateness_seconds_sum")).toBeGreaterThan(0);
  expect((await requestStatus(client)).get("1")).toMatchObject({ state: "healthy", failures: 0 });
});
