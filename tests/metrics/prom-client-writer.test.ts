/** Output of prom-client, in both formats and in any order. */
import { expect, test } from "bun:test";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Format } from "../../src/metrics/exposition.ts";
import { writeRegistry } from "../../src/metrics/prom-client-writer.ts";
import { linesOf, written } from "../harness/daemon/sheets.ts";

/** A registry with one family of each type. */
function makeRegistry(): Registry {
  const registry = new Registry();
  const registers = [registry];
  const errors = new Counter({ name: "errors_total", help: "Errors.", labelNames: ["type"], registers });
  errors.inc({ type: "parse" }, 2);
  new Gauge({ name: "depth", help: "Depth.", registers }).set(-1.5);
  const took = new Histogram({ name: "took", help: "Took.", buckets: [1, 2], registers });
  took.observe(1.5);
  return registry;
}

async function text(registry: Registry, format: Format): Promise<string> {
  return await written((sheet) => writeRegistry(sheet, registry, format));
}

const CLASSIC = [
  "# HELP errors_total Errors.",
  "# TYPE errors_total counter",
  'errors_total{type="parse"} 2',
  "# HELP depth Depth.",
  "# TYPE depth gauge",
  "depth -1.5",
  "# HELP took Took.",
  "# TYPE took histogram",
  'took_bucket{le="1"} 0',
  'took_bucket{le="2"} 1',
  'took_bucket{le="+Inf"} 1',
  "took_sum 1.5",
  "took_count 1",
  "",
].join("\n");
const OPEN = CLASSIC.replace("HELP errors_total", "HELP errors").replace("TYPE errors_total", "TYPE errors");

test("registry: writes every family in the order in which they were made, in both formats", async () => {
  expect(await text(makeRegistry(), "prometheus")).toBe(CLASSIC);
  expect(await text(makeRegistry(), "openmetrics")).toBe(OPEN);
});

test("registry: one format does not spoil the next, in whatever order and at the same time", async () => {
  const registry = makeRegistry();
  const formats: readonly Format[] = [
    "openmetrics",
    "prometheus",
    "openmetrics",
    "openmetrics",
    "prometheus",
  ];
  const expected = formats.map((format) => (format === "openmetrics" ? OPEN : CLASSIC));
  for (const [at, format] of formats.entries()) expect(await text(registry, format)).toBe(expected[at] ?? "");
  expect(await Promise.all(formats.map((format) => text(registry, format)))).toEqual(expected);
});

test("registry: writes the same as prom-client itself, in the classic format", async () => {
  const registry = makeRegistry();
  const own = (await registry.metrics()).split("\n").filter((line) => line !== "");
  expect((await text(registry, "prometheus")).split("\n").filter((line) => line !== "")).toEqual(own);
});

test("registry: a label's value cannot break out of its quotes", async () => {
  const registry = new Registry();
  const gauge = new Gauge({ name: "info", help: "Info.", labelNames: ["words"], registers: [registry] });
  gauge.set({ words: 'a"} 1\ninfo{words="b\\' }, 1);
  expect(linesOf(await text(registry, "prometheus"), "info")).toEqual([
    'info{words="a\\"} 1\\ninfo{words=\\"b\\\\"} 1',
  ]);
});

test("registry: an empty one writes nothing", async () => {
  expect(await text(new Registry(), "prometheus")).toBe("");
});
