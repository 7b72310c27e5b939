/** From a metric to a trace, with a real Prometheus and what examples/monitoring has switched on. Run by `bun test`. */

import { expect, setDefaultTimeout, test } from "bun:test";
import { closedPort } from "../support/backends.ts";
import { tcpCheck } from "../support/checks.ts";
import { connectClient } from "../support/client.ts";
import { startGrpcCollector, telemetryConfig } from "../support/collector.ts";
import { startDaemon } from "../support/daemon.ts";
import { metricsConfig } from "../support/metrics.ts";
import { pageQueries, readYamlFile } from "../support/monitoring-files.ts";
import { peerTest } from "../support/peers.ts";
import { freePort } from "../support/ports.ts";
import { startPrometheus } from "../support/prometheus.ts";
import { until } from "../support/wait.ts";

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
