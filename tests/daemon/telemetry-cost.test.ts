/** Traces that no collector takes cost at most as much CPU as the checks, and delay none. Run by `bun test`. */
// alone: measures time
import { expect, setDefaultTimeout, test } from "bun:test";
import { closedPort } from "../harness/backends/backends.ts";
import { startBlackhole } from "../harness/backends/blackhole.ts";
import { startSink } from "../harness/backends/sink.ts";
import { printFigure } from "../harness/base/figures.ts";
import { freePort } from "../harness/base/ports.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck, times } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { type Daemon, NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";
import { largestSince, metricsConfig, scrape } from "../harness/daemon/metrics.ts";
import { telemetryConfig } from "../harness/observers/collector.ts";

setDefaultTimeout(120_000);

const SOON_MS = 30_000;
/** Liveness, and not speed: the machine may be busy. */
const MAX_LATE_S = 1;

const warnings = (daemon: Daemon) => daemon.log.filter((line) => line.includes("Cannot deliver traces"));
const warned = (daemon: Daemon) => until(() => warnings(daemon)[0], SOON_MS, "a warning");

test("telemetry: with a collector that drops SYNs, a thousand checks are as ever", async () => {
  await using hole = await startBlackhole();
  await using backends = await startSink(20);
  await using refusing = closedPort();
  await using stack = new AsyncDisposableStack();
  const start = async (config: string) => {
    const port = freePort();
    const yaml = NO_REFRESH + metricsConfig(port) + config;
    const daemon = stack.use(
      await startDaemon({ config: yaml, env: { OTEL_EXPORTER_OTLP_TIMEOUT: "2000" } }),
    );
    const client = stack.use(await connectClient(daemon.socketPath));
    const { targets } = backends;
    const targetOf = (n: number) => (n % 20 === 0 ? refusing : (targets[n % targets.length] ?? refusing));
    client.update(times(1_000, (n) => tcpCheck(n + 1, targetOf(n), { interval: "1s" })));
    await until(() => client.latest.size === 1_000, SOON_MS, "first results");
    return { daemon, port };
  };
  const plain = await start("");
  // Every check makes a span, twenty times as many as with the default.
  const traced = [
    await start(telemetryConfig(hole.port, { use_http: true, trace: "all" })),
    await start(telemetryConfig(hole.port, { trace: "all" })),
  ];
  // The buffer overflows before the first delivery times out: too many spans are not the problem.
  for (const { daemon } of traced) expect(await warned(daemon)).toMatch(/not established|timed out|DEADLINE/);
  const look = async ({ daemon, port }: typeof plain) => ({
    cpuMs: daemon.cpuMs(),
    samples: await scrape(port),
  });
  const lookAll = () => Promise.all([plain, ...traced].map(look));
  const before = await lookAll();
  await Bun.sleep(6_000);
  const after = await lookAll();
  const cpuMs = after.map((now, at) => now.cpuMs - (before[at]?.cpuMs ?? 0));
  const latestS = after.map(({ samples }, at) =>
    largestSince(before[at]?.samples ?? new Map(), samples, "healthcheck_check_lateness_seconds"),
  );
  const [plainCpuMs = 0, ...tracedCpuMs] = cpuMs;
  const [plainLatestS = 0, ...tracedLatestS] = latestS;
  printFigure("the latest check, without traces", plainLatestS, "s");
  printFigure("the latest check, with them", Math.max(...tracedLatestS), "s");
  for (const spentMs of tracedCpuMs) expect(spentMs / plainCpuMs).toBeLessThan(2);
  for (const lateS of tracedLatestS)
    expect(lateS).toBeLessThanOrEqual(Math.max(MAX_LATE_S, 4 * plainLatestS));
  for (const { daemon } of traced) expect(warnings(daemon).length).toBe(1);
});
