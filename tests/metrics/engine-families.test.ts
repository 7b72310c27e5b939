/** The families of the calls to the engine, and which of the two control planes has which families. */
import { expect, test } from "bun:test";
import { ServerFamilies } from "../../src/metrics/server-families.ts";
import type { PeerName } from "../../src/model/peer.ts";
import { AT_REST, FACTS, linesOf, written } from "../harness/daemon/sheets.ts";

const text = (families: ServerFamilies) =>
  written((sheet) => families.write(sheet, { ...AT_REST, depths: { engine_report: 3 } }, "prometheus"));

test("engine families: counters are there before the first call, the time of success is not", async () => {
  const all = await text(new ServerFamilies({ ...FACTS, peer: "engine" }));
  for (const method of ["fetch", "report"])
    for (const series of ["call_duration_seconds_count", "call_failures_total"])
      expect(all).toContain(`\nhealthcheck_engine_${series}{method="${method}"} 0\n`);
  expect(all).toContain("\nhealthcheck_engine_connected 0\n");
  expect(linesOf(all, "healthcheck_channel_depth")).toEqual([
    'healthcheck_channel_depth{channel="engine_report"} 3',
  ]);
  expect(linesOf(all, "healthcheck_engine_last_success_timestamp_seconds")).toEqual([]);
});

test("engine families: each call has its duration, and is a failure or moves the time of success", async () => {
  const families = new ServerFamilies({ ...FACTS, peer: "engine" });
  families.engineCalled("fetch", 40, true, 1_700_000_000_500);
  families.engineCalled("report", 10_000, false, 1_700_000_001_000);
  const all = await text(families);
  for (const line of [
    'call_duration_seconds_bucket{le="0.05",method="fetch"} 1',
    'call_duration_seconds_sum{method="fetch"} 0.04',
    'call_duration_seconds_bucket{le="5",method="report"} 0',
    'call_duration_seconds_bucket{le="10",method="report"} 1',
    'call_failures_total{method="fetch"} 0',
    'call_failures_total{method="report"} 1',
    'last_success_timestamp_seconds{method="fetch"} 1700000000.5',
  ])
    expect(all).toContain(`\nhealthcheck_engine_${line}\n`);
  expect(all).not.toContain('timestamp_seconds{method="report"}');
});

test.each<[PeerName | undefined, boolean, boolean]>([
  ["proxy", true, false],
  ["engine", false, true],
  [undefined, false, false],
])("engine families: with the peer %s", async (peer, hasProxy, hasEngine) => {
  const families = new ServerFamilies({ ...FACTS, peer });
  families.engineCalled("fetch", 1, true, 0);
  const all = await text(families);
  expect([all.includes("healthcheck_proxy_"), all.includes("healthcheck_engine_")]).toEqual([
    hasProxy,
    hasEngine,
  ]);
});
