/** Metrics of healthchecks, with real backends. Run by `bun test`. */

import { expect, setDefaultTimeout, test } from "bun:test";
import { acceptAll, closedPort, hang, httpAnswer, httpServer } from "../harness/backends/backends.ts";
import { startBlackhole } from "../harness/backends/blackhole.ts";
import { listeningPorts } from "../harness/base/listening.ts";
import { freePort } from "../harness/base/ports.ts";
import { dnsCheck, httpCheck, tcpCheck } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { handled, stateOf } from "../harness/client/client-assertions.ts";
import { NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";
import { metricsConfig, type Samples, sampleOf, scrape, scrapeUntil } from "../harness/daemon/metrics.ts";

setDefaultTimeout(30_000);

/** The sum of all series that begin like this. */
function sumOf(samples: Samples, start: string): number {
  return [...samples].reduce((sum, [series, value]) => sum + (series.startsWith(start) ? value : 0), 0);
}

test("daemon: with metrics switched off, which is the default, it opens no TCP port", async () => {
  await using daemon = await startDaemon();
  expect(listeningPorts(daemon.pid)).toEqual([]);
  const port = freePort();
  await using metered = await startDaemon({ config: metricsConfig(port) });
  expect(listeningPorts(metered.pid)).toEqual([port]);
});

test("daemon: metrics count every check by its result and by why it failed", async () => {
  await using well = acceptAll();
  await using refusing = closedPort();
  await using hole = await startBlackhole();
  await using unwell = httpServer((_, socket) => {
    socket.end(httpAnswer(503));
  });
  await using silent = hang();
  const port = freePort();
  await using daemon = await startDaemon({ config: `${NO_REFRESH}${metricsConfig(port)}` });
  await using client = await connectClient(daemon.socketPath);
  const quick = { interval: "200ms", timeout: "100ms" };
  client.update([
    tcpCheck(1, well, quick),
    tcpCheck(2, refusing, quick),
    tcpCheck(3, hole, quick),
    httpCheck(4, unwell, { ...quick, timeout: "190ms", expected_codes: [200] }),
    httpCheck(5, silent, quick),
    dnsCheck(6, "example.test", { ...quick, ip: "127.0.0.1", port: freePort() }),
  ]);
  const result = (id: number, type: string, word: string) =>
    `healthcheck_checks_total{id="${id}",type="${type}",result="${word}"}`;
  const failures = [
    [result(2, "tcp", "failure"), 'healthcheck_failures_total{type="tcp",reason="L4CON"}'],
    [result(3, "tcp", "failure"), 'healthcheck_failures_total{type="tcp",reason="L4TOUT"}'],
    [result(4, "http", "failure"), 'healthcheck_failures_total{type="http",reason="L7STS"}'],
    [result(5, "http", "failure"), 'healthcheck_failures_total{type="http",reason="L7TOUT"}'],
    [result(6, "dns", "failure"), 'healthcheck_failures_total{type="dns",reason="L4CON"}'],
  ] as const;
  const samples = await scrapeUntil(port, "three results of each", (read) =>
    [result(1, "tcp", "success"), ...failures.flat()].every((series) => sampleOf(read, series) >= 3),
  );
  expect(sampleOf(samples, result(1, "tcp", "failure"))).toBe(0);
  // Written down after each other in one scrape: what came between them may be in the later ones only.
  for (const [own, all] of failures)
    expect(sampleOf(samples, own)).toBeGreaterThanOrEqual(sampleOf(samples, all));
  expect(sumOf(samples, "healthcheck_failures_total")).toBe(
    failures.reduce((sum, [, all]) => sum + sampleOf(samples, all), 0),
  );
  expect(sumOf(samples, "healthcheck_inconclusive_total")).toBe(0);

  const state = (id: number, type: string) =>
    sampleOf(samples, `healthcheck_state{id="${id}",type="${type}"}`);
  expect([state(1, "tcp"), state(2, "tcp"), state(4, "http"), state(6, "dns")]).toEqual([1, 2, 2, 2]);
  expect(sampleOf(samples, "healthcheck_monitors_active")).toBe(6);
  expect(sampleOf(samples, 'healthcheck_monitors_by_state{state="healthy"}')).toBe(1);
  expect(sampleOf(samples, 'healthcheck_monitors_by_state{state="unhealthy"}')).toBe(5);
  for (const [id, type] of [
    [1, "tcp"],
    [3, "tcp"],
    [4, "http"],
    [6, "dns"],
  ] as const) {
    const conclusive =
      sampleOf(samples, result(id, type, "success")) + sampleOf(samples, result(id, type, "failure"));
    const labels = `{id="${id}",type="${type}"`;
    const observed = sampleOf(samples, `healthcheck_response_time_seconds_count${labels}}`);
    expect(observed).toBeGreaterThanOrEqual(conclusive);
    expect(sampleOf(samples, `healthcheck_response_time_seconds_bucket${labels},le="+Inf"}`)).toBe(observed);
  }
  // The timeouts took their 100 ms.
  const slow = 'healthcheck_response_time_seconds_bucket{id="3",type="tcp",le="0.05"}';
  expect(sampleOf(samples, slow)).toBe(0);
  const finished = sampleOf(samples, "healthcheck_check_lateness_seconds_count");
  expect(finished).toBe(sampleOf(samples, "healthcheck_monitor_task_duration_seconds_count"));
  expect(finished).toBeGreaterThanOrEqual(18);
  expect(sampleOf(samples, "healthcheck_tick_delay_seconds_count")).toBeGreaterThan(0);

  // One goes, another comes: the next scrape knows.
  client.update([tcpCheck(1, well, quick), tcpCheck(7, well, quick)]);
  await handled(client);
  const later = await scrape(port);
  const ids = new Set([...later.keys()].flatMap((series) => /id="(\d+)"/.exec(series)?.[1] ?? []));
  expect([...ids].sort()).toEqual(["1", "7"]);
  expect(sampleOf(later, result(1, "tcp", "success"))).toBeGreaterThanOrEqual(3);
  expect(sampleOf(later, "healthcheck_monitors_active")).toBe(2);
});

test("daemon: metrics show state, runs and state changes as they happen", async () => {
  await using backend = acceptAll();
  const port = freePort();
  await using daemon = await startDaemon({ config: `${NO_REFRESH}${metricsConfig(port)}` });
  await using client = await connectClient(daemon.socketPath);
  client.update([tcpCheck(1, backend, { interval: "100ms", timeout: "90ms", retries: 2 })]);
  const series = (name: string, more = "") => `healthcheck_${name}{id="1",type="tcp"${more}}`;
  const change = (from: string, to: string) =>
    series("state_transitions_total", `,from="${from}",to="${to}"`);
  const well = await scrapeUntil(
    port,
    "three successes",
    (read) => sampleOf(read, series("consecutive_successes")) >= 3,
  );
  expect(sampleOf(well, series("state"))).toBe(1);
  expect([well.get(change("healthy", "unhealthy")), well.get(change("unhealthy", "healthy"))]).toEqual([
    0, 0,
  ]);
  expect([well.get(change("unknown", "healthy")), well.get(change("unknown", "unhealthy"))]).toEqual([
    1,
    undefined,
  ]);

  backend.down();
  const ill = await scrapeUntil(
    port,
    "four failures",
    (read) => sampleOf(read, series("consecutive_failures")) >= 4,
  );
  expect(ill.get(series("state"))).toBe(2);
  expect(ill.get(series("consecutive_successes"))).toBe(0);
  expect(ill.get(change("healthy", "unhealthy"))).toBe(1);

  // The metrics show it before the client has the batch that it is in.
  await stateOf(client, 1, "unhealthy");
  backend.up();
  await stateOf(client, 1, "healthy");
  const again = await scrape(port);
  expect(again.get(series("consecutive_failures"))).toBe(0);
  expect([again.get(change("healthy", "unhealthy")), again.get(change("unhealthy", "healthy"))]).toEqual([
    1, 1,
  ]);
});
