/** Intervals, timeouts and retries out of range: amended with a warning, as Go's server runs them. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { readConfig } from "../../src/protocol/healthcheck.ts";
import { ConfigReader } from "../../src/protocol/messages.ts";
import { elementsOf } from "../harness/client/client-lines.ts";
import { configFields } from "../harness/client/configs.ts";

const HTTP = { checker_type: "http", ip: "127.0.0.1", port: 80 };
const DNS = { checker_type: "dns", query: "a.example" };
const INTERVAL = "must be a duration from 10ms to a year";
const RETRIES = "is out of range, using 1000000; must be an integer from 0 to 1000000";

test.each([
  [
    { timeout: "0s" },
    { timeoutMs: 10_000 },
    "timeout: 0s is out of range, using 10s, the default of tcp checks; must be a duration from 1ms to a year",
  ],
  [
    { ...HTTP, timeout: "0s" },
    { timeoutMs: 5_000 },
    "timeout: 0s is out of range, using 5s, the default of http checks; must be a duration from 1ms to a year",
  ],
  [
    { ...DNS, timeout: "0" },
    { timeoutMs: 3_000 },
    "timeout: 0s is out of range, using 3s, the default of dns checks; must be a duration from 1ms to a year",
  ],
  [
    { timeout: "-1.5s" },
    { timeoutMs: 10_000 },
    "timeout: -1.5s is out of range, using 10s, the default of tcp checks; must be a duration from 1ms to a year",
  ],
  [
    { timeout: "999us" },
    { timeoutMs: 1 },
    "timeout: 999µs is out of range, using 1ms; must be a duration from 1ms to a year",
  ],
  [
    { timeout: "2y" },
    { timeoutMs: 31_536_000_000 },
    "timeout: 17532h is out of range, using 8760h; must be a duration from 1ms to a year",
  ],
  [{ interval: "0s" }, { intervalMs: 10 }, `interval: 0s is out of range, using 10ms; ${INTERVAL}`],
  [{ interval: "100ns" }, { intervalMs: 10 }, `interval: 100ns is out of range, using 10ms; ${INTERVAL}`],
  [{ interval: "-1m0s" }, { intervalMs: 10 }, `interval: -1m is out of range, using 10ms; ${INTERVAL}`],
  [
    { interval: "2562047h47m16.854775807s" },
    { intervalMs: 31_536_000_000 },
    /^interval: 2562047h47m16.855s is out of range, using 8760h/,
  ],
  [{ retries: 4_294_967_295 }, { fall: 1_000_001 }, `retries: 4294967295 ${RETRIES}`],
  [{ retries: 1_000_001 }, { fall: 1_000_001 }, `retries: 1000001 ${RETRIES}`],
  [{ retries: -1 }, { fall: 1_000_001 }, `retries: -1 ${RETRIES}`],
] as const)("config: %j is amended with a warning", (fields, spec, words) => {
  const read = readConfig(configFields(fields), "wire");
  if (!read.ok) throw new Error(JSON.stringify(read.faults));
  expect(read.spec).toMatchObject(spec);
  const [only = "", ...others] = read.warnings.map(({ path, message }) => `${path.join(".")}: ${message}`);
  expect(others).toEqual([]);
  expect(only).toMatch(words);
});

test.each([
  { interval: "10ms", timeout: "1ms", retries: 1_000_000 },
  { interval: "365d", timeout: "8760h", retries: 0 },
])("config: %j is in range and has no warning", (fields) => {
  const read = readConfig(configFields(fields), "wire");
  expect(read.ok && read.warnings).toEqual([]);
});

test("config: whatever the pace says, what runs is in range", () => {
  const duration = fc
    .tuple(fc.constantFrom("", "-", "+"), fc.nat(), fc.constantFrom("ns", "ms", "s", "h", "y"))
    .map((parts) => parts.join(""));
  const whole = fc.oneof(fc.integer(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n }));
  fc.assert(
    fc.property(duration, duration, whole, (interval, timeout, retries) => {
      const read = readConfig(configFields({ interval, timeout, retries }), "wire");
      if (!read.ok) throw new Error(JSON.stringify(read.faults));
      const { intervalMs, timeoutMs, fall } = read.spec;
      expect(intervalMs >= 10 && intervalMs <= 31_536_000_000).toBe(true);
      expect(timeoutMs >= 1 && timeoutMs <= 31_536_000_000).toBe(true);
      expect(fall >= 1 && fall <= 1_000_001).toBe(true);
    }),
  );
});

test("messages: what is amended is said when the text is new, not with each list", async () => {
  const reader = new ConfigReader();
  const list = [
    '{"id":7,"interval":"1s","timeout":"0s","retries":0,"checker_type":"tcp","ip":"127.0.0.1","port":1}',
  ];
  expect((await reader.read(elementsOf(list))).warnings).toEqual([
    "healthcheck 7: timeout: 0s is out of range, using 10s, the default of tcp checks; must be a duration from 1ms to a year",
  ]);
  expect((await reader.read(elementsOf(list))).warnings).toEqual([]);
  const changed = list.map((text) => text.replace("1s", "0s"));
  expect((await reader.read(elementsOf(changed))).warnings).toEqual([
    "healthcheck 7: interval: 0s is out of range, using 10ms; must be a duration from 10ms to a year; " +
      "timeout: 0s is out of range, using 10s, the default of tcp checks; must be a duration from 1ms to a year",
  ]);
});
