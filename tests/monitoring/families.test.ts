/** Content of /metrics, against promtool and against the reference in docs/metrics.md. Run by `bun test`. */

import { expect, test } from "bun:test";
import { join } from "node:path";
import { acceptAll } from "../harness/backends/backends.ts";
import { peerTest } from "../harness/base/peers.ts";
import { freePort } from "../harness/base/ports.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { until } from "../harness/base/wait.ts";
import { connectClient } from "../harness/client/client.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";
import { engineConfig, engineTcp, newestStatuses } from "../harness/engine/engine-checks.ts";
import { startGoEngine } from "../harness/engine/goengine.ts";
import { readPage } from "../harness/observers/monitoring-files.ts";
import { promtool } from "../harness/observers/prometheus.ts";
import {
  type CheckedBackends,
  type MeteredDaemon,
  startBackends,
  startMetered,
} from "../harness/observers/prometheus-scenario.ts";

const SETTLED_MS = 10_000;

/** A family: its type, and every label that one of its samples has. */
interface Family {
  readonly type: string;
  readonly labels: readonly string[];
}

/** Runs a check of each type until each has a result, and the flapping one has been both, and scrapes. */
async function scrapeAfterChecks(
  { daemon, address }: MeteredDaemon,
  { configs, flapping }: CheckedBackends,
): Promise<string> {
  await using client = await connectClient(daemon.socketPath);
  client.update(configs);
  const all = () => client.latest.size === configs.length;
  await until(all, SETTLED_MS, "a result of every healthcheck");
  flapping.down();
  await daemon.waitForLog(/old_state=healthy new_state=unhealthy/, SETTLED_MS);
  return await scrape(address);
}

async function scrape(address: string): Promise<string> {
  const response = await fetch(`http://${address}/metrics`);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toStartWith("text/plain; version=0.0.4");
  return await response.text();
}

function readFamilies(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  let current = { name: "", type: "", labels: new Set<string>() };
  for (const line of text.trimEnd().split("\n")) {
    const [, name = "", type = ""] = /^# TYPE (\w+) (\w+)$/.exec(line) ?? [];
    if (name !== "") {
      expect(families.has(name)).toBe(false);
      current = { name, type, labels: new Set() };
    } else if (!line.startsWith("#")) {
      expect(line).toStartWith(current.name);
      for (const [, label = ""] of line.matchAll(/(\w+)="/g)) if (label !== "le") current.labels.add(label);
    }
    if (current.name !== "")
      families.set(current.name, { type: current.type, labels: [...current.labels].sort() });
  }
  return families;
}

const isOfProxy = (name: string) => !name.startsWith("healthcheck_engine_");

function documentedFamilies(isIncluded: (name: string) => boolean): Map<string, Family> {
  const rows = readPage("metrics.md").matchAll(/^\| `(\w+)` +\| (counter|gauge|histogram) +\| ([^|]*)\|/gm);
  return new Map(
    [...rows].flatMap(([, name = "", type = "", cell = ""]) => {
      const labels = [...cell.matchAll(/`(\w+)`/g)].map(([, label = ""]) => label);
      return isIncluded(name) ? [[name, { type, labels: labels.sort() }] as const] : [];
    }),
  );
}

const sorted = (families: ReadonlyMap<string, Family>) => Object.fromEntries([...families].sort());

peerTest(
  "metrics: promtool has no warning about /metrics, whatever per_healthcheck is",
  ["promtool"],
  async () => {
    for (const perHealthcheck of ["full", "no_histogram", "off"]) {
      await using backends = startBackends();
      const metered = await startMetered(`per_healthcheck: ${perHealthcheck}`);
      await using _daemon = metered.daemon;
      // Nothing has happened yet; then everything has.
      for (const text of [await scrape(metered.address), await scrapeAfterChecks(metered, backends)]) {
        expect(await promtool(["check", "metrics"], text)).toEqual({ status: 0, output: "" });
      }
    }
  },
);

test("metrics: /metrics and docs/metrics.md have the same families, types and labels", async () => {
  await using backends = startBackends();
  const metered = await startMetered();
  await using _daemon = metered.daemon;
  const shown = readFamilies(await scrapeAfterChecks(metered, backends));
  // No series while nothing is forced; tests/metrics/check-families.test.ts shows its labels.
  expect(shown.get("healthcheck_forced")).toEqual({ type: "gauge", labels: [] });
  const documented = documentedFamilies(isOfProxy);
  expect(documented.get("healthcheck_forced")?.labels).toEqual(["action", "id", "type"]);
  expect(sorted(shown)).toEqual(sorted(documented.set("healthcheck_forced", { type: "gauge", labels: [] })));
});

test("metrics: with the engine, /metrics has the families of the engine in place of the proxy's", async () => {
  await using dir = makeTempDir("families");
  const socket = join(dir.path, "engine.sock");
  await using up = acceptAll();
  await using engine = await startGoEngine(socket);
  await engine.command({ checks: [engineTcp(1, up.port)] });
  const address = `127.0.0.1:${freePort()}`;
  const metrics = `metrics: { enabled: true, listen_addr: "${address}" }\n`;
  await using _daemon = await startDaemon({ config: engineConfig(socket) + metrics });
  await until(() => newestStatuses(engine).size === 1, SETTLED_MS, "the state");
  const both = async () => {
    const text = await scrape(address);
    return text.includes('timestamp_seconds{method="report"}') && text;
  };
  const shown = readFamilies(await until(both, SETTLED_MS, "both calls"));
  for (const [name, family] of documentedFamilies((one) => one.startsWith("healthcheck_engine_")))
    expect([name, shown.get(name)]).toEqual([name, family]);
  expect([...shown.keys()].filter((name) => name.includes("proxy"))).toEqual([]);
});

test("metrics: each healthcheck has as many series as docs/monitoring.md says", async () => {
  const rows = readPage("monitoring.md").matchAll(/^\| `(full|no_histogram|off)` +\| (\d+) +\|/gm);
  const documented = [...rows].map(([, mode = "", count]) => [mode, Number(count)] as const);
  expect(documented.length).toBe(3);
  for (const [mode, count] of documented) {
    await using backends = startBackends();
    const metered = await startMetered(`per_healthcheck: ${mode}`);
    await using _daemon = metered.daemon;
    const text = await scrapeAfterChecks(metered, backends);
    expect({ mode, count: text.split("\n").filter((line) => line.includes('{id="2",')).length }).toEqual({
      mode,
      count,
    });
  }
});
