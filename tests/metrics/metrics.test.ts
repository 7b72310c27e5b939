/** Everything that /metrics shows, put together. */
import { expect, test } from "bun:test";
import type { PerHealthcheck } from "../../src/config/schema.ts";
import type { Format } from "../../src/metrics/exposition.ts";
import { Metrics } from "../../src/metrics/metrics.ts";
import { AT_REST, gathered, linesOf, SETTINGS } from "../harness/daemon/sheets.ts";
import { failure, id, makeSpec, success } from "../harness/fakes/fakes.ts";
import { Stock } from "../harness/fakes/monitor-stock.ts";

/** Metrics that observe every check of some monitors. */
function makeFixture(perHealthcheck: PerHealthcheck = "full") {
  const metrics = new Metrics(SETTINGS, perHealthcheck);
  const stock: Stock = new Stock({
    settled: (monitor, { result, latenessMs }) => metrics.finished(monitor, result, latenessMs, stock.nowMs),
  });
  const render = async (format: Format = "prometheus") =>
    await gathered(metrics.render([...stock.monitors.values()], AT_REST, format));
  return { metrics, stock, render };
}

test("metrics: what checks took is counted from their start, and their lateness apart from it", async () => {
  const { stock, render } = makeFixture();
  const monitor = stock.add(makeSpec(1));
  stock.check(monitor, failure("L7STS"), { lateMs: 20, tookMs: 500 });
  const text = await render();
  expect(text).toContain("healthcheck_monitor_task_duration_seconds_sum 0.5\n");
  expect(text).toContain("healthcheck_check_lateness_seconds_sum 0.02\n");
  expect(text).toContain('healthcheck_failures_total{type="tcp",reason="L7STS"} 1\n');
});

test.each([
  ["full", 1, 1],
  ["no_histogram", 1, 0],
  ["off", 0, 0],
] as const)("metrics: per_healthcheck %s", async (perHealthcheck, states, histograms) => {
  const { stock, render } = makeFixture(perHealthcheck);
  stock.add(makeSpec(1), [success()]);
  const text = await render();
  expect(linesOf(text, "healthcheck_state{").length).toBe(states);
  expect(linesOf(text, "healthcheck_response_time_seconds_count").length).toBe(histograms);
  expect(linesOf(text, 'healthcheck_failures_total{type="tcp"').length).toBe(7);
  expect(linesOf(text, "process_open_fds").length).toBe(1);
});

test("metrics: what is shown of each healthcheck can change at run time, and nothing was missed", async () => {
  const { metrics, stock, render } = makeFixture("off");
  stock.add(makeSpec(1), [success(), success()]);
  expect(linesOf(await render(), "healthcheck_checks_total{")).toEqual([]);
  metrics.perHealthcheck = "full";
  const text = await render();
  expect(text).toContain('healthcheck_checks_total{id="1",type="tcp",result="success"} 2\n');
  expect(text).toContain('healthcheck_response_time_seconds_count{id="1",type="tcp"} 2\n');
});

test("metrics: a healthcheck that is gone is gone from the next scrape, what it had counted stays", async () => {
  const { stock, render } = makeFixture();
  stock.add(makeSpec(1), [failure("L4CON")]);
  stock.add(makeSpec(2));
  expect(await render()).toContain('{id="1",');
  stock.remove(id(1));
  const text = await render();
  expect(text).not.toContain('{id="1",');
  expect(text).toContain('{id="2",');
  expect(text).toContain('healthcheck_failures_total{type="tcp",reason="L4CON"} 1\n');
});

test("metrics: no series is written twice, and every family has one head", async () => {
  const { stock, render } = makeFixture();
  for (let number = 0; number < 20; number++) stock.add(makeSpec(number), [success(), failure("L4TOUT")]);
  const lines = (await render()).trimEnd().split("\n");
  const series = lines.map((line) => (line.startsWith("#") ? line : line.slice(0, line.lastIndexOf(" "))));
  expect(new Set(series).size).toBe(series.length);
});

test("metrics: classic and OpenMetrics in turn and in parallel; only the latter has an end", async () => {
  const { stock, render } = makeFixture();
  stock.add(makeSpec(1), [success()]);
  const names = (text: string) => text.match(/^# TYPE \w+ \w+$/gm);
  const [classic, open] = [await render(), await render("openmetrics")];
  expect(open.endsWith("\n# EOF\n")).toBe(true);
  expect(classic).not.toContain("EOF");
  const again = await Promise.all([render("openmetrics"), render(), render("openmetrics"), render()]);
  expect(again.map(names)).toEqual([open, classic, open, classic].map(names));
  expect(
    names(classic)
      ?.filter((line) => line.endsWith(" counter"))
      .every((line) => line.includes("_total ")),
  ).toBe(true);
  expect(names(open)?.some((line) => line.includes("_total "))).toBe(false);
});

test("metrics: many healthchecks come in pieces that are no larger than they should be", async () => {
  const { metrics, stock } = makeFixture();
  for (let number = 0; number < 2_000; number++) stock.add(makeSpec(number));
  const sizes: number[] = [];
  for await (const piece of metrics.render([...stock.monitors.values()], AT_REST, "prometheus")) {
    sizes.push(piece.length);
  }
  expect(sizes.length).toBeGreaterThan(5);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(256 * 1_024);
});

test("metrics: a canceled scrape ends immediately", async () => {
  const { metrics, stock } = makeFixture();
  for (let number = 0; number < 500; number++) stock.add(makeSpec(number));
  const pieces = metrics.render([...stock.monitors.values()], AT_REST, "prometheus");
  expect((await pieces.next()).done).toBe(false);
  await pieces.return(undefined);
  expect((await pieces.next()).done).toBe(true);
});

test("metrics: a new record has the bounds of the configuration", () => {
  const { metrics } = makeFixture();
  const record = metrics.newRecord();
  expect(record.responseTimes.bounds).toEqual(SETTINGS.responseTimeBounds);
});
