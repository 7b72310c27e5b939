/** A collector that is down, slow, refuses or drops SYNs costs a bounded buffer and one warning a minute, never a check. Run by `bun test`. */

import { expect, setDefaultTimeout, test } from "bun:test";
import { closedPort, hang } from "../support/backends.ts";
import { startBlackhole } from "../support/blackhole.ts";
import { tcpCheck, times } from "../support/checks.ts";
import { connectClient } from "../support/client.ts";
import { startGrpcCollector, startHttpCollector, telemetryConfig } from "../support/collector.ts";
import { type Daemon, NO_REFRESH, startDaemon } from "../support/daemon.ts";
import { largestSince, metricsConfig, sampleOf, scrape, scrapeUntil } from "../support/metrics.ts";
import { freePort } from "../support/ports.ts";
import { startSink } from "../support/sink.ts";
import { until } from "../support/wait.ts";

setDefaultTimeout(120_000);

const SOON_MS = 30_000;
const PROTOCOLS = [
  ["http", true],
  ["grpc", false],
] as const;
const LOST = 'healthcheck_errors_total{type="telemetry"}';
/** More than the buffer holds come within a second or two. */
const MANY = 250;

const warnings = (daemon: Daemon) => daemon.log.filter((line) => line.includes("Cannot deliver traces"));

/** Healthchecks that fail ten times a second each, all of them traced. */
async function flood(daemon: Daemon, port: number) {
  const client = await connectClient(daemon.socketPath);
  client.update(times(MANY, (index) => tcpCheck(index + 1, { hostname: "127.0.0.1", port })));
  return client;
}

test.each(PROTOCOLS)("telemetry: a collector that refuses connections, over %s", async (_, use_http) => {
  await using collector = await closedPort();
  await using backend = await closedPort();
  const port = freePort();
  await using daemon = await startDaemon({
    config: NO_REFRESH + metricsConfig(port) + telemetryConfig(collector.port, { use_http }),
  });
  await using _client = await flood(daemon, backend.port);
  await scrapeUntil(port, "lost spans", (samples) => sampleOf(samples, LOST) > 10_000);
  expect(warnings(daemon).length).toBe(1);
  expect(warnings(daemon)[0]).toMatch(/WARN .*endpoint=http:.* error=.*/);
  const before = daemon.rssBytes();
  const lost = sampleOf(await scrape(port), LOST);
  await scrapeUntil(port, "more lost spans", (samples) => sampleOf(samples, LOST) > lost + 10_000);
  // Ten thousand spans would be more than that.
  expect(daemon.rssBytes() - before).toBeLessThan(20e6);
  const startMs = performance.now();
  daemon.signal("SIGTERM");
  expect(await daemon.exited).toBe(0);
  expect(performance.now() - startMs).toBeLessThan(5_000);
});

test.each(PROTOCOLS)(
  "telemetry: a collector that comes back is given what waits, over %s",
  async (_, use_http) => {
    const port = freePort();
    await using backend = await closedPort();
    await using daemon = await startDaemon({ config: NO_REFRESH + telemetryConfig(port, { use_http }) });
    await using client = await connectClient(daemon.socketPath);
    client.update([tcpCheck(1, backend, { interval: "60s" })]);
    await until(() => warnings(daemon).length > 0, SOON_MS, "a warning");
    await using collector = use_http ? startHttpCollector({ port }) : await startGrpcCollector({ port });
    const [check] = await collector.waitFor(
      "the check",
      ({ name }) => name === "healthcheck.check_execution",
    );
    expect(check?.attributes["healthcheck.id"]).toBe("1");
    await daemon.waitForLog(/Traces are delivered again lost=0/, SOON_MS);
  },
);

test.each([
  ["http", true, 401, /error="HTTP status 401"/],
  ["http", true, 503, /retryable status/],
  ["grpc", false, 16, /gRPC status 16 UNAUTHENTICATED/],
  ["grpc", false, 8, /gRPC status 8 RESOURCE_EXHAUSTED/],
] as const)(
  "telemetry: a collector that refuses spans, over %s (%s, %d)",
  async (_, use_http, status, words) => {
    const refuse = () => status;
    await using collector = use_http ? startHttpCollector({ refuse }) : await startGrpcCollector({ refuse });
    await using backend = await closedPort();
    await using daemon = await startDaemon({ config: telemetryConfig(collector.port, { use_http }) });
    await using client = await connectClient(daemon.socketPath);
    client.update([tcpCheck(1, backend)]);
    await until(() => warnings(daemon).length > 0, SOON_MS, "a warning");
    expect(warnings(daemon)[0]).toMatch(words);
    const requests = collector.requests.length;
    const cpuMs = daemon.cpuMs();
    await Bun.sleep(3_000);
    // No storm: neither of requests nor of CPU.
    expect(collector.requests.length - requests).toBeLessThan(10);
    expect(daemon.cpuMs() - cpuMs).toBeLessThan(1_000);
    expect(warnings(daemon).length).toBe(1);
  },
);

test.each(PROTOCOLS)("telemetry: a collector that never answers, over %s", async (_, use_http) => {
  await using collector = await hang();
  await using backend = await closedPort();
  await using daemon = await startDaemon({
    config: telemetryConfig(collector.port, { use_http }),
    env: { OTEL_EXPORTER_OTLP_TIMEOUT: "1500" },
  });
  await using client = await connectClient(daemon.socketPath);
  client.update([tcpCheck(1, backend)]);
  await until(() => warnings(daemon).length > 0, SOON_MS, "a warning");
  const descriptors = daemon.fdCount();
  await Bun.sleep(5_000);
  expect(daemon.fdCount()).toBeLessThanOrEqual(descriptors + 1);
});

test.each(PROTOCOLS)(
  "telemetry: with a collector that drops SYNs, a thousand checks are as ever, over %s",
  async (_, use_http) => {
    await using hole = await startBlackhole();
    await using backends = await startSink(20);
    await using refusing = await closedPort();
    const start = async (config: string) => {
      const port = freePort();
      const daemon = await startDaemon({
        config: NO_REFRESH + metricsConfig(port) + config,
        env: { OTEL_EXPORTER_OTLP_TIMEOUT: "2000" },
      });
      const client = await connectClient(daemon.socketPath);
      const { targets } = backends;
      client.update(
        times(1_000, (n) =>
          tcpCheck(n + 1, n % 20 === 0 ? refusing : (targets[n % targets.length] ?? refusing), {
            interval: "1s",
          }),
        ),
      );
      return { daemon, client, port };
    };
    const plain = await start("");
    const traced = await start(telemetryConfig(hole.port, { use_http, trace: "all" }));
    await using _stack = disposing(plain, traced);
    for (const { client } of [plain, traced])
      await until(() => client.latest.size === 1_000, SOON_MS, "first results");
    await until(() => warnings(traced.daemon).length > 0, SOON_MS, "a warning");
    const look = async ({ daemon, port }: typeof plain) => ({
      cpuMs: daemon.cpuMs(),
      samples: await scrape(port),
    });
    const [plainBefore, tracedBefore] = [await look(plain), await look(traced)];
    const descriptors = traced.daemon.fdCount();
    await Bun.sleep(8_000);
    const [plainAfter, tracedAfter] = [await look(plain), await look(traced)];
    // Every check makes a span here, a hundred times as many as by default in a bad hour; still it is not twice as much.
    const spent = (after: { cpuMs: number }, before: { cpuMs: number }) => after.cpuMs - before.cpuMs;
    expect(spent(tracedAfter, tracedBefore) / spent(plainAfter, plainBefore)).toBeLessThan(2);
    const latest = (before: typeof plainBefore, after: typeof plainAfter) =>
      largestSince(before.samples, after.samples, "healthcheck_check_lateness_seconds");
    expect(latest(tracedBefore, tracedAfter)).toBeLessThanOrEqual(
      Math.max(0.05, 4 * latest(plainBefore, plainAfter)),
    );
    expect(traced.daemon.fdCount()).toBeLessThanOrEqual(descriptors + 20);
    expect(warnings(traced.daemon).length).toBe(1);
  },
);

/** Ends them when the test does. */
function disposing(
  ...started: readonly { daemon: AsyncDisposable; client: AsyncDisposable }[]
): AsyncDisposableStack {
  const stack = new AsyncDisposableStack();
  for (const { daemon, client } of started) {
    stack.use(daemon);
    stack.use(client);
  }
  return stack;
}
