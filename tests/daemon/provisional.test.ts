/** A state from before a restart is shown as provisional wherever it can be met, counts as what it was, and is not reported. Run by `bun test`. */
import { expect, test } from "bun:test";
import type { HealthcheckDetail } from "../../src/http/api.ts";
import { runCommand } from "../harness/base/command.ts";
import { freePort } from "../harness/base/ports.ts";
import { until } from "../harness/base/wait.ts";
import { requestStatus } from "../harness/client/client-assertions.ts";
import { metricsConfig, sampleOf, scrape } from "../harness/daemon/metrics.ts";
import { reports, runAndKill, STATE_PERIOD_MS, site } from "../harness/daemon/restart-site.ts";
import { listed } from "../harness/observers/status-page.ts";

test("provisional: API, metrics, status and explain show it until a check agrees", async () => {
  const port = freePort();
  await using place = site(2, { config: metricsConfig(port), retries: 10_000 });
  const url = `http://127.0.0.1:${port}/`;
  const detail = async () =>
    // The cast trusts the server, whose own tests look at this.
    (await (await fetch(`${url}api/healthchecks/1`)).json()) as HealthcheckDetail;
  const command = async (...args: readonly string[]) =>
    (await runCommand([...args, "--addr", `127.0.0.1:${port}`])).out;
  await runAndKill(place);
  for (const one of place.backends) one.fail(Number.POSITIVE_INFINITY);
  await using daemon = await place.start();
  await using client = await place.connect(daemon);
  await until(async () => (await detail()).position?.consecutive_failures > 0, STATE_PERIOD_MS, "a failure");
  const { totals, healthchecks } = await listed(url);
  expect(totals).toEqual({ healthchecks: 2, healthy: 2, unhealthy: 0, unknown: 0, provisional: 2 });
  expect(healthchecks.map(({ state, provisional }) => [state, provisional])).toEqual([
    ["healthy", true],
    ["healthy", true],
  ]);
  expect(await detail()).toMatchObject({ state: "healthy", measured_state: "healthy", provisional: true });
  const samples = await scrape(port);
  expect(sampleOf(samples, "healthcheck_monitors_provisional")).toBe(2);
  expect(sampleOf(samples, 'healthcheck_monitors_by_state{state="healthy"}')).toBe(2);
  expect(sampleOf(samples, 'healthcheck_state{id="1",type="http"}')).toBe(1);
  expect((await fetch(`${url}readyz`)).status).toBe(200);
  expect(await command("status")).toMatch(/healthy +2\n.*unhealthy +0\n.*unknown +0\n +provisional +2\n/);
  expect(JSON.parse(await command("status", "--json"))).toMatchObject({ healthy: 2, provisional: 2 });
  expect(await command("explain", "1")).toMatch(
    /state +healthy since .*; provisional: from before the restart/,
  );
  const states = [...(await requestStatus(client)).values()].map(({ state }) => state);
  expect([states, reports(client)]).toEqual([["unknown", "unknown"], []]);

  for (const one of place.backends) one.fail(0);
  await until(() => reports(client).length === 2, STATE_PERIOD_MS, "every state");
  expect((await listed(url)).totals).toEqual({ healthchecks: 2, healthy: 2, unhealthy: 0, unknown: 0 });
  expect(await detail()).not.toHaveProperty("provisional");
  expect(sampleOf(await scrape(port), "healthcheck_monitors_provisional")).toBe(0);
  expect(`${await command("status")}${await command("explain", "1")}`).not.toContain("provisional");
}, 60_000);
