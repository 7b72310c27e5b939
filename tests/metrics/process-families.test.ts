/** The families of the process, against what the system says of this one. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import type { Format } from "../../src/metrics/exposition.ts";
import { ProcessFamilies } from "../../src/metrics/process-families.ts";
import { readSamples, type Samples, sampleOf } from "../harness/daemon/metrics.ts";
import { linesOf, written } from "../harness/daemon/sheets.ts";

async function samples(families: ProcessFamilies): Promise<Samples> {
  return readSamples(await written((sheet) => families.write(sheet, "prometheus")));
}

/** A line of /proc/self/status, in bytes. */
function statusBytes(key: string): number {
  const [, kilobytes] =
    new RegExp(`^${key}:\\s+(\\d+) kB`, "m").exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return Number(kilobytes) * 1_024;
}

test("process families: memory, descriptors and start are those of this process", async () => {
  const read = await samples(new ProcessFamilies(1_024));
  const near = (name: string, value: number, share: number) => {
    expect(sampleOf(read, name)).toBeGreaterThan(value * (1 - share));
    expect(sampleOf(read, name)).toBeLessThan(value * (1 + share));
  };
  near("process_resident_memory_bytes", statusBytes("VmRSS"), 0.2);
  near("process_virtual_memory_bytes", statusBytes("VmSize"), 0.2);
  near("process_start_time_seconds", Date.now() / 1_000 - process.uptime(), 0.000_001);
  expect(sampleOf(read, "process_max_fds")).toBe(1_024);
  expect(
    Math.abs(sampleOf(read, "process_open_fds") - readdirSync("/proc/self/fd").length),
  ).toBeLessThanOrEqual(3);
});

test("process families: CPU time only grows, and is the process's", async () => {
  const families = new ProcessFamilies(1_024);
  const first = sampleOf(await samples(families), "process_cpu_seconds_total");
  Bun.sha(Buffer.alloc(20_000_000));
  const second = sampleOf(await samples(families), "process_cpu_seconds_total");
  const { user, system } = process.cpuUsage();
  expect(first).toBeGreaterThan(0);
  expect(second).toBeGreaterThan(first);
  expect(second).toBeLessThanOrEqual((user + system) / 1e6 + 0.001);
});

test("process families: the start stays what it is, scrape after scrape", async () => {
  const families = new ProcessFamilies(1_024);
  const first = sampleOf(await samples(families), "process_start_time_seconds");
  expect(sampleOf(await samples(families), "process_start_time_seconds")).toBe(first);
});

test("process families: have the names and types that every Prometheus client uses", async () => {
  const families = new ProcessFamilies(1_024);
  const heads = async (format: Format) =>
    linesOf(await written((sheet) => families.write(sheet, format)), "# TYPE");
  const gauges = [
    "resident_memory_bytes",
    "virtual_memory_bytes",
    "open_fds",
    "max_fds",
    "start_time_seconds",
  ];
  const types = (cpu: string) => [
    `# TYPE process_${cpu} counter`,
    ...gauges.map((name) => `# TYPE process_${name} gauge`),
  ];
  expect(await heads("openmetrics")).toEqual(types("cpu_seconds"));
  expect(await heads("prometheus")).toEqual(types("cpu_seconds_total"));
});
