/** Numbers and times on the status page. Run by `bun test`. */
import { expect, test } from "bun:test";
import { describeConfig } from "../../../src/http/page/logic/config.ts";
import {
  formatAgo,
  formatClock,
  formatCounted,
  formatExact,
  formatMs,
  formatPhases,
  formatSpan,
  formatWhen,
  splitSentence,
} from "../../../src/http/page/logic/format.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

test.each([
  [null, "–"],
  [0, "0.00 ms"],
  [0.4236, "0.42 ms"],
  [9.994, "9.99 ms"],
  [9.996, "10.0 ms"],
  [99.96, "100 ms"],
  [500, "500 ms"],
  [999.6, "1.00 s"],
  [1_234, "1.23 s"],
  [12_345, "12.3 s"],
])("page: a measured time of %p ms is %p", (ms, text) => {
  expect(formatMs(ms)).toBe(text);
});

test.each([
  [500, "500 ms"],
  [1_000, "1 s"],
  [1_500, "1.5 s"],
  [2 * MINUTE, "2 min"],
  [90 * SECOND, "1 min 30 s"],
  [HOUR + 30 * MINUTE, "1 h 30 min"],
  [DAY, "1 d"],
])("page: a configured time of %p ms is %p", (ms, text) => {
  expect(formatSpan(ms)).toBe(text);
});

test.each([
  [-5 * SECOND, "now"],
  [999, "now"],
  [12_900, "12 s"],
  [3 * MINUTE + 59 * SECOND, "3 min"],
  [HOUR, "1 h"],
  [HOUR + 20 * MINUTE, "1 h 20 min"],
  [4 * DAY + 2 * HOUR + 59 * MINUTE, "4 d 2 h"],
  [400 * DAY + HOUR, "400 d"],
])("page: %p ms ago is %p", (ms, text) => {
  expect(formatAgo(ms)).toBe(text);
});

test("page: an exact time names its zone, and the date only where it is another day", () => {
  const ms = new Date(2026, 10, 22, 18, 49, 38, 7).getTime();
  expect(formatExact(ms)).toMatch(/^2026-11-22 18:49:38\.007 [+-]\d\d:\d\d$/);
  expect(formatClock(ms)).toBe("18:49:38");
  expect(formatWhen(ms, ms + MINUTE)).toBe("18:49:38");
  expect(formatWhen(ms, ms + DAY)).toBe("2026-11-22 18:49:38");
});

test("page: counts are grouped and agree with their noun", () => {
  expect([0, 1, 10_000].map((count) => formatCounted(count, "healthcheck"))).toEqual([
    "0 healthchecks",
    "1 healthcheck",
    "10,000 healthchecks",
  ]);
});

test("page: phases are in their order, without those not reached", () => {
  const text = formatPhases({ first_byte_ms: 12, connect_ms: 0.4 });
  expect(text.replaceAll("\u00a0", " ")).toBe("connect 0.40 ms · first byte 12.0 ms");
  expect(formatPhases({})).toBe("");
});

test("page: a sentence is taken apart at its first colon that is not in an address", () => {
  expect(splitSentence("TCP connect to [::1]:80: connection refused")).toEqual({
    what: "TCP connect to [::1]:80",
    why: "connection refused",
  });
  expect(splitSentence("stalled")).toEqual({ what: "", why: "stalled" });
});

test("page: a configuration is shown as text, whatever its fields are", () => {
  const config = {
    interval_ms: 1_500,
    address: "10.0.0.1:443",
    expected_codes: [200, 204],
    headers: [],
    response: null,
    tls: { verify: true, server_name: "www.example.com" },
  };
  expect(describeConfig(config)).toEqual([
    { name: "interval", value: "1.5 s" },
    { name: "address", value: "10.0.0.1:443" },
    { name: "expected codes", value: "200, 204" },
    { name: "headers", value: "–" },
    { name: "response", value: "–" },
    {
      name: "tls",
      value: [
        { name: "verify", value: "yes" },
        { name: "server name", value: "www.example.com" },
      ],
    },
  ]);
});
