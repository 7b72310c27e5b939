/** The families of the server as a whole. */
import { expect, test } from "bun:test";
import type { Format } from "../../src/metrics/exposition.ts";
import { ServerFamilies, type ServerReading } from "../../src/metrics/server-families.ts";
import { AT_REST, FACTS, linesOf, written } from "../harness/daemon/sheets.ts";

async function text(
  families: ServerFamilies,
  reading: Partial<ServerReading> = {},
  format: Format = "prometheus",
): Promise<string> {
  return await written((sheet) => families.write(sheet, { ...AT_REST, ...reading }, format));
}

test("server families: everything is shown before anything has happened", async () => {
  const all = await text(new ServerFamilies(FACTS));
  for (const line of [
    "healthcheck_monitors_active 0",
    'healthcheck_monitors_by_state{state="unknown"} 0',
    'healthcheck_monitors_by_state{state="healthy"} 0',
    'healthcheck_monitors_by_state{state="unhealthy"} 0',
    "healthcheck_notifications_batched_total 0",
    'healthcheck_notifications_sent_total{trigger="size_limit"} 0',
    'healthcheck_notifications_sent_total{trigger="time_delay"} 0',
    "healthcheck_batch_size_count 0",
    "healthcheck_batch_delay_seconds_count 0",
    "healthcheck_notification_latency_seconds_count 0",
    "healthcheck_proxy_connected 0",
    "healthcheck_config_updates_total 0",
    'healthcheck_errors_total{type="parse"} 0',
    'healthcheck_errors_total{type="config"} 0',
    'healthcheck_channel_depth{channel="notification"} 0',
    'healthcheck_channel_depth{channel="config_update"} 0',
    'healthcheck_channel_depth{channel="proxy_message"} 0',
    "healthcheck_checks_in_flight 0",
    "healthcheck_stalled_seconds_total 0",
    "healthcheck_config_last_reload_successful 0",
    "healthcheck_config_last_reload_success_timestamp_seconds 0",
    'healthcheck_build_info{version="1.2.3",revision="abc",bun="9.9"} 1',
  ])
    expect(all).toContain(`\n${line}\n`);
});

test("server families: gauges show how the server stands when it is asked", async () => {
  const families = new ServerFamilies(FACTS);
  const reading = {
    states: { unknown: 1, healthy: 20, unhealthy: 3 },
    provisional: 9,
    inFlight: 7,
    connected: true,
    depths: { notification: 4, config_update: 5, proxy_message: 6 },
  };
  const all = await text(families, reading);
  for (const line of [
    "monitors_active 24",
    'monitors_by_state{state="healthy"} 20',
    "checks_in_flight 7",
    "monitors_provisional 9",
    "proxy_connected 1",
    'channel_depth{channel="notification"} 4',
    'channel_depth{channel="config_update"} 5',
    'channel_depth{channel="proxy_message"} 6',
  ])
    expect(all).toContain(`healthcheck_${line}\n`);
  const later = await text(families);
  expect(later).toContain("healthcheck_monitors_active 0\n");
  expect(later).toContain("healthcheck_proxy_connected 0\n");
});

test("server families: a batch counts its notifications, its trigger, its size, its delay and each latency", async () => {
  const families = new ServerFamilies(FACTS);
  families.sent(5, "time_delay", 100, [90, 40]);
  families.sent(10, "size_limit", 2_000, []);
  const all = await text(families);
  expect(all).toContain("healthcheck_notifications_batched_total 15\n");
  expect(linesOf(all, "healthcheck_notifications_sent_total")).toEqual([
    'healthcheck_notifications_sent_total{trigger="size_limit"} 1',
    'healthcheck_notifications_sent_total{trigger="time_delay"} 1',
  ]);
  expect(linesOf(all, "healthcheck_batch_size")).toEqual([
    'healthcheck_batch_size_bucket{le="1"} 0',
    'healthcheck_batch_size_bucket{le="10"} 2',
    'healthcheck_batch_size_bucket{le="+Inf"} 2',
    "healthcheck_batch_size_sum 15",
    "healthcheck_batch_size_count 2",
  ]);
  expect(linesOf(all, "healthcheck_batch_delay_seconds_bucket")).toEqual([
    'healthcheck_batch_delay_seconds_bucket{le="0.1"} 1',
    'healthcheck_batch_delay_seconds_bucket{le="1"} 1',
    'healthcheck_batch_delay_seconds_bucket{le="+Inf"} 2',
  ]);
  expect(all).toContain('healthcheck_notification_latency_seconds_bucket{le="0.05"} 1\n');
  expect(all).toContain("healthcheck_notification_latency_seconds_count 2\n");
});

test("server families: errors and updates add up", async () => {
  const families = new ServerFamilies(FACTS);
  families.failed("parse");
  families.failed("config", 12);
  families.failed("config");
  families.updated();
  const all = await text(families);
  expect(all).toContain('healthcheck_errors_total{type="parse"} 1\n');
  expect(all).toContain('healthcheck_errors_total{type="config"} 13\n');
  expect(all).toContain("healthcheck_config_updates_total 1\n");
});

test("server families: an invalid configuration keeps the time of the last valid one", async () => {
  const families = new ServerFamilies(FACTS);
  families.configRead(true, 1_700_000_000_500);
  families.configRead(false, 1_700_000_009_000);
  const all = await text(families);
  expect(all).toContain("healthcheck_config_last_reload_successful 0\n");
  expect(all).toContain("healthcheck_config_last_reload_success_timestamp_seconds 1700000000.5\n");
  families.configRead(true, 1_700_000_010_000);
  expect(await text(families)).toContain("healthcheck_config_last_reload_successful 1\n");
});

test("server families: stalled time adds up over scrapes, each counted once", async () => {
  const families = new ServerFamilies(FACTS);
  for (const [stalledMs, line] of [
    [0, "0"],
    [250, "0.25"],
    [250, "0.25"],
    [1_750, "1.75"],
  ] as const)
    expect(await text(families, { stalledMs })).toContain(`healthcheck_stalled_seconds_total ${line}\n`);
});

test("server families: one format does not spoil the other", async () => {
  const families = new ServerFamilies(FACTS);
  const classic = await text(families);
  const open = await text(families, {}, "openmetrics");
  expect(open).toContain("# TYPE healthcheck_config_updates counter\n");
  expect(open).toContain("healthcheck_config_updates_total 0\n");
  expect(await text(families)).toBe(classic);
  expect(await text(families, {}, "openmetrics")).toBe(open);
});
