/** A collector that is down, slow, refuses or drops SYNs costs a bounded buffer and one warning a minute. Run by `bun test`. */

import { expect, setDefaultTimeout, test } from "bun:test";
import { closedPort, hang } from "../harness/backends/backends.ts";
import { startBlackhole } from "../harness/backends/blackhole.ts";
import { freePort } from "../harness/base/ports.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck, times } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { type Daemon, NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";
import { metricsConfig, sampleOf, scrape, scrapeUntil } from "../harness/daemon/metrics.ts";
import { startGrpcCollector, startHttpCollector, telemetryConfig } from "../harness/observers/collector.ts";

setDefaultTimeout(120_000);

const SOON_MS = 30_000;
const PROTOCOLS = [
  ["http", true],
  ["grpc", false],
] as const;
const LOST = 'healthcheck_errors_total{type="telemetry"}';
const BRIEF = { OTEL_EXPORTER_OTLP_TIMEOUT: "1500" };

const warnings = (daemon: Daemon) => daemon.log.filter((line) => line.includes("Cannot deliver traces"));
const warned = (daemon: Daemon) => until(() => warnings(daemon)[0], SOON_MS, "a warning");

test.each(PROTOCOLS)("telemetry: a collector that refuses connections, over %s", async (_, use_http) => {
  await using collector = closedPort();
  await using backend = closedPort();
  const port = freePort();
  await using daemon = await startDaemon({
    config: NO_REFRESH + metricsConfig(port) + telemetryConfig(collector.port, { use_http }),
  });
  await using client = await connectClient(daemon.socketPath);
  // All of them fail and are traced: five thousand spans a second.
  client.update(times(250, (index) => tcpCheck(index + 1, backend, { interval: "50ms" })));
  await scrapeUntil(port, "lost spans", (samples) => sampleOf(samples, LOST) > 1_000);
  expect(await warned(daemon)).toMatch(/ WARN .*endpoint=http:.* error=.*(ECONNREFUSED|No connection)/);
  const before = daemon.rssBytes();
  const lost = sampleOf(await scrape(port), LOST);
  await scrapeUntil(port, "more lost spans", (samples) => sampleOf(samples, LOST) > lost + 10_000);
  // Ten thousand spans would be more than that.
  await until(() => daemon.rssBytes() - before < 20e6, SOON_MS, "the memory to come back");
  daemon.signal("SIGTERM");
  expect(await daemon.exited).toBe(0);
  expect(warnings(daemon).length).toBe(1);
});

test.concurrent.each(PROTOCOLS)(
  "telemetry: a collector that comes back is given what waits, over %s",
  async (_, use_http) => {
    const port = freePort();
    await using backend = closedPort();
    await using daemon = await startDaemon({ config: NO_REFRESH + telemetryConfig(port, { use_http }) });
    await using client = await connectClient(daemon.socketPath);
    client.update([tcpCheck(1, backend, { interval: "60s" })]);
    await warned(daemon);
    await using collector = use_http ? startHttpCollector({ port }) : await startGrpcCollector({ port });
    const [check] = await collector.waitFor(
      "the check",
      ({ name }) => name === "healthcheck.check_execution",
    );
    expect(check?.attributes["healthcheck.id"]).toBe("1");
    await daemon.waitForLog(/Trace delivery recovered lost=0/, SOON_MS);
  },
);

test.concurrent.each([
  ["http", 401, /error="HTTP status 401"/],
  ["http", 503, /retryable status/],
  ["grpc", 16, /gRPC status 16 UNAUTHENTICATED/],
  ["grpc", 8, /gRPC status 8 RESOURCE_EXHAUSTED/],
] as const)(
  "telemetry: a collector that rejects spans, over %s, with %d",
  async (protocol, status, words) => {
    const refuse = () => status;
    const use_http = protocol === "http";
    await using collector = use_http ? startHttpCollector({ refuse }) : await startGrpcCollector({ refuse });
    await using backend = closedPort();
    await using daemon = await startDaemon({
      config: telemetryConfig(collector.port, { use_http }),
      env: BRIEF,
    });
    await using client = await connectClient(daemon.socketPath);
    client.update([tcpCheck(1, backend)]);
    expect(await warned(daemon)).toMatch(words);
    const requests = collector.requests.length;
    const cpuMs = daemon.cpuMs();
    await Bun.sleep(3_000);
    // No storm: neither of requests nor of CPU.
    expect(collector.requests.length - requests).toBeLessThan(10);
    expect(daemon.cpuMs() - cpuMs).toBeLessThan(1_000);
    expect(warnings(daemon).length).toBe(1);
  },
);

test.concurrent.each(PROTOCOLS)(
  "telemetry: spans of which a collector refuses some are counted and logged, over %s",
  async (_, use_http) => {
    const remark = { rejectedSpans: 1, errorMessage: "too\r\nold" };
    await using collector = use_http ? startHttpCollector({ remark }) : await startGrpcCollector({ remark });
    await using backend = closedPort();
    const port = freePort();
    const config = NO_REFRESH + metricsConfig(port) + telemetryConfig(collector.port, { use_http });
    await using daemon = await startDaemon({ config });
    await using client = await connectClient(daemon.socketPath);
    client.update([tcpCheck(1, backend, { interval: "60s" })]);
    expect(await warned(daemon)).toMatch(/error="collector rejected 1 of \d+ spans: too old" .*lost=1/);
    expect(sampleOf(await scrape(port), LOST)).toBeGreaterThanOrEqual(1);
  },
);

test.concurrent.each(PROTOCOLS)(
  "telemetry: what a collector has to say that takes all spans is passed on, over %s",
  async (_, use_http) => {
    const remark = { rejectedSpans: 0, errorMessage: "use the other port" };
    await using collector = use_http ? startHttpCollector({ remark }) : await startGrpcCollector({ remark });
    await using daemon = await startDaemon({ config: telemetryConfig(collector.port, { use_http }) });
    await using _client = await connectClient(daemon.socketPath);
    await daemon.waitForLog(
      /WARN Collector returned a warning endpoint=\S+ warning="use the other port"/,
      SOON_MS,
    );
    expect(warnings(daemon)).toEqual([]);
  },
);

test.concurrent("telemetry: an answer of megabytes over HTTP is not parsed, and its spans are delivered", async () => {
  const remark = { rejectedSpans: 1, errorMessage: "unread" };
  await using collector = startHttpCollector({ remark, answerBytes: 4_000_000 });
  await using daemon = await startDaemon({ config: telemetryConfig(collector.port, { use_http: true }) });
  await using client = await connectClient(daemon.socketPath);
  await using backend = closedPort();
  client.update([tcpCheck(1, backend, { interval: "50ms" })]);
  // The second delivery follows when the answer to the first has been dealt with.
  await until(() => collector.requests.length > 1, SOON_MS, "two deliveries");
  daemon.signal("SIGTERM");
  expect(await daemon.exited).toBe(0);
  expect(daemon.log.filter((line) => /Cannot deliver|collector warns/.test(line))).toEqual([]);
});

test.concurrent.each([
  ["http", "does not answer"],
  ["grpc", "does not answer"],
  ["http", "drops SYNs"],
  ["grpc", "drops SYNs"],
] as const)(
  "telemetry: over %s, each connection to a collector that %s is abandoned, and its descriptor closed",
  async (protocol, how) => {
    await using collector = how === "drops SYNs" ? await startBlackhole() : hang();
    await using backend = closedPort();
    await using daemon = await startDaemon({
      config: NO_REFRESH + telemetryConfig(collector.port, { use_http: protocol === "http" }),
      env: BRIEF,
    });
    await using client = await connectClient(daemon.socketPath);
    client.update([tcpCheck(1, backend, { interval: "60s" })]);
    await warned(daemon);
    const descriptors = daemon.fdCount();
    await Bun.sleep(6_000);
    // One for the next try, which the first count may have missed.
    expect(daemon.fdCount()).toBeLessThanOrEqual(descriptors + 1);
    expect(warnings(daemon).length).toBe(1);
  },
);
