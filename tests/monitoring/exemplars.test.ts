/** From a metric to a trace, with a real Prometheus and what examples/monitoring has switched on. Run by `bun test`. */

import { expect, setDefaultTimeout, test } from "bun:test";
import { closedPort } from "../harness/backends/backends.ts";
import { peerTest } from "../harness/base/peers.ts";
import { freePort } from "../harness/base/ports.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";
import { metricsConfig } from "../harness/daemon/metrics.ts";
import { startGrpcCollector, telemetryConfig } from "../harness/observers/collector.ts";
import { pageQueries, readYamlFile } from "../harness/observers/monitoring-files.ts";
import { startPrometheus } from "../harness/observers/prometheus.ts";

setDefaultTimeout(60_000);

const SEEN_MS = 20_000;
const TRACE_ID = "trace_id";

peerTest(
  "monitoring: Prometheus keeps the traces of failures",
  ["prometheus"],
  async () => {
    await using collector = await startGrpcCollector();
    await using backend = await closedPort();
    const port = freePort();
    await using daemon = await startDaemon({ config: metricsConfig(port) + telemetryConfig(collector.port) });
    await using client = await connectClient(daemon.socketPath);
    client.update([tcpCheck(1, backend, { interval: "500ms" })]);
    await using prometheus = await startPrometheus(`127.0.0.1:${port}`);
    const [query] = pageQueries("opentelemetry.md");
    const found = await until(
      async () => {
        const exemplars = await prometheus.exemplars(query?.expr ?? "");
        return exemplars.length > 1 && exemplars;
      },
      SEEN_MS,
      "two exemplars",
    );
    for (const labels of found) {
      expect(Object.keys(labels)).toEqual([TRACE_ID]);
      const [span] = await collector.waitFor("its trace", ({ traceId }) => traceId === labels[TRACE_ID]);
      expect(span?.attributes["error.type"]).toBe("L4CON");
    }
  },
  60_000,
);

test("monitoring: Grafana makes a link of the label that exemplars have", () => {
  const [source] = readYamlFile("grafana/provisioning/datasources/prometheus.yml").datasources;
  expect(source?.jsonData.exemplarTraceIdDestinations.map(({ name }) => name)).toEqual([TRACE_ID]);
});
