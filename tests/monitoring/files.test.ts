/** The files of examples/monitoring: promtool accepts them, and they fit each other. Run by `bun test`. */

import { expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { DEFAULT_CONFIG } from "../../src/config/schema.ts";
import { runCommand } from "../harness/base/command.ts";
import { peerTest } from "../harness/base/peers.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import {
  alertRules,
  dashboard,
  EXAMPLES,
  PAGES,
  pageQueries,
  panelQueries,
  readPage,
  readYamlFile,
  recordingRules,
} from "../harness/observers/monitoring-files.ts";
import { promtool } from "../harness/observers/prometheus.ts";
import { seriesNames } from "../harness/observers/promql.ts";

peerTest(
  "monitoring: promtool accepts configuration and rules, and the tests of the rules pass",
  ["promtool"],
  async () => {
    for (const args of [
      ["check", "config", "prometheus.yml"],
      ["check", "rules", "alerts.yml", "recording.yml", "rust-names.yml", "server-names.yml"],
      ["test", "rules", "alerts_test.yml", "rust_names_test.yml", "server_names_test.yml"],
    ]) {
      const { status, output } = await promtool(args);
      expect(output).toContain("SUCCESS");
      expect(output).not.toMatch(/FAILED|warning/i);
      expect(status).toBe(0);
    }
  },
);

test("monitoring: every alert has its texts, a test and a row in the documentation", async () => {
  const tests = await Bun.file(join(EXAMPLES, "alerts_test.yml")).text();
  for (const { alert, labels, annotations } of alertRules()) {
    expect(Object.keys(annotations)).toEqual(["summary", "description"]);
    expect(annotations["description"]).toContain("First: ");
    const rows = [...readPage("monitoring.md").matchAll(/^\| `(\w+)` +\| (critical|warning) /gm)];
    expect(rows.map(([, name, severity]) => [name, severity])).toContainEqual([alert, labels["severity"]]);
    expect(tests).toContain(`alertname="${alert}", alertstate="firing", severity="${labels["severity"]}"`);
  }
});

test("monitoring: queries read only families of the reference and recorded series", () => {
  const families = [...readPage("metrics.md").matchAll(/^\| `(\w+)` +\| (\w+) /gm)].flatMap(
    ([, name = "", type]) =>
      type === "histogram" ? ["_bucket", "_sum", "_count"].map((suffix) => name + suffix) : [name],
  );
  const known = new Set([
    ...families,
    ...recordingRules().map(({ record }) => record),
    // Labels that Prometheus adds to every target.
    ...["up", "scrape_samples_scraped", "scrape_duration_seconds"],
  ]);
  const exprs = [
    ...panelQueries(),
    ...dashboard.annotations.list,
    ...alertRules(),
    ...recordingRules(),
    ...PAGES.flatMap(pageQueries),
  ].map(({ expr }) => expr);
  const unknown = exprs.flatMap(seriesNames).filter((name) => !known.has(name));
  expect(unknown).toEqual([]);
});

test("monitoring: the containers have a version, a loopback port and files that exist", () => {
  const { services } = readYamlFile("docker-compose.yml");
  for (const { image, ports, volumes } of Object.values(services)) {
    expect(image).toMatch(/^[\w./-]+:v?\d+\.\d+\.\d+$/);
    for (const port of ports) expect(port).toStartWith("127.0.0.1:");
    const files = volumes.map((volume) => volume.split(":")[0] ?? "").filter((path) => path.startsWith("."));
    for (const file of files) expect(existsSync(join(EXAMPLES, file))).toBe(true);
  }
  const mounted = services["prometheus"]?.volumes.join() ?? "";
  for (const file of readYamlFile("prometheus.yml").rule_files)
    expect(mounted).toContain(`/etc/prometheus/${file}`);
  const [provider] = readYamlFile("grafana/provisioning/dashboards/healthcheck-server.yml").providers;
  expect(services["grafana"]?.volumes.join()).toContain(`./grafana/dashboards:${provider?.options.path}`);
});

test("monitoring: the documentation's configuration is valid, and the defaults that it names are the defaults", async () => {
  await using dir = makeTempDir("docs");
  const file = join(dir.path, "config.yaml");
  const blocks = PAGES.flatMap((page) => [
    ...readPage(page).matchAll(/^```yaml\n((?:#.*\n)?metrics:\n.*?)^```$/gms),
  ]);
  expect(blocks.length).toBe(2);
  for (const [, text = ""] of blocks) {
    writeFileSync(file, text);
    expect(await runCommand(["check-config", file])).toMatchObject({ status: 0, err: "" });
    const { enabled, ...defaults } = parse(text).metrics;
    expect(DEFAULT_CONFIG.metrics).toMatchObject(defaults);
  }
});
