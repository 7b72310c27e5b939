/**
 * Every query that we hand out finds something: those of the dashboard, of the alerts and of the documentation, asked of a
 * real Prometheus that has scraped the real daemon while a backend failed and recovered. Run by `bun test`.
 */

import { expect } from "bun:test";
import { peerTest } from "../harness/base/peers.ts";
import { until } from "../harness/base/wait.ts";
import {
  alertRules,
  dashboard,
  type NamedQuery,
  PAGES,
  pageQueries,
  panelQueries,
  recordingRules,
} from "../harness/observers/monitoring-files.ts";
import type { Prometheus } from "../harness/observers/prometheus.ts";
import { type Monitored, startMonitored } from "../harness/observers/prometheus-scenario.ts";
import { alternatives, withoutThresholds } from "../harness/observers/promql.ts";

/** Long enough for the second sample of whatever the last change brought, and the rules on top of it. */
const DATA_MS = 15_000;
const RATE_INTERVAL = "1m";

/** Returns the reason why a query is useless, or null: no series, only values that are not numbers, or a label that no series has. */
async function fault(prometheus: Prometheus, { where, expr, labels }: NamedQuery): Promise<string | null> {
  const series = await prometheus.query(expr);
  if (!series.some(({ value }) => !Number.isNaN(value))) return `${where}: nothing for ${expr}`;
  const missing = labels.filter((label) => !series.every((one) => label in one.labels));
  return missing.length === 0 ? null : `${where}: no label ${missing.join(", ")} in ${expr}`;
}

async function expectData(prometheus: Prometheus, queries: readonly NamedQuery[]): Promise<void> {
  expect(queries.length).toBeGreaterThan(0);
  let left = queries;
  let faults: string[] = [];
  const ask = async () => {
    const answers = await Promise.all(left.map((query) => fault(prometheus, query)));
    left = left.filter((_, index) => answers[index] !== null);
    faults = answers.filter((answer) => answer !== null);
    return faults.length === 0;
  };
  await until(ask, DATA_MS, () => `data:\n${faults.join("\n")}`);
}

/** Values that Grafana would offer for each variable of the dashboard, with its default. */
async function variables(prometheus: Prometheus): Promise<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const variable of dashboard.templating.list) {
    const { name, query } = variable;
    // The data source; it is not part of an expression.
    if (typeof query === "string") continue;
    const expr = substitute(query.query, values);
    const offered = await until(
      async () => {
        const found = await offers(prometheus, expr, variable.regex);
        return found.length > 0 && found;
      },
      DATA_MS,
      `values of $${name} by ${expr}`,
    );
    values[name] = "allValue" in variable ? variable.allValue : (offered[0] ?? "");
  }
  return values;
}

/** Grafana's own two functions for variables. */
async function offers(prometheus: Prometheus, expr: string, regex: string): Promise<string[]> {
  const [, selector, label] = /^label_values\((.+), (\w+)\)$/.exec(expr) ?? [];
  if (selector !== undefined && label !== undefined) {
    return (await prometheus.series(selector)).flatMap((labels) => labels[label] ?? []);
  }
  const [, query] = /^query_result\((.+)\)$/.exec(expr) ?? [];
  if (query === undefined) throw new Error(`${expr} is neither label_values() nor query_result()`);
  const texts = (await prometheus.query(query)).map(({ labels, value }) => {
    const { __name__, ...others } = labels;
    const pairs = Object.entries(others).map(([key, text]) => `${key}="${text}"`);
    return `${__name__}{${pairs.join(",")}} ${value} 0`;
  });
  const pattern = new RegExp(regex.slice(1, -1));
  return texts.flatMap((text) => pattern.exec(text)?.[1] ?? []);
}

function substitute(expr: string, values: Readonly<Record<string, string>>): string {
  return expr.replace(/\$(\w+)/g, (_, name: string) => {
    const value = name === "__rate_interval" ? RATE_INTERVAL : values[name];
    if (value === undefined) throw new Error(`${expr}: there is no variable $${name}`);
    return value;
  });
}

async function dashboardQueries(prometheus: Prometheus): Promise<NamedQuery[]> {
  const values = await variables(prometheus);
  const annotations = dashboard.annotations.list.map(({ name, expr }) => ({
    where: `annotation "${name}"`,
    // Nothing happened that it would mark.
    expr: withoutThresholds(expr),
    labels: [],
  }));
  return [...panelQueries(), ...annotations].map((query) => ({
    ...query,
    expr: substitute(query.expr, values),
  }));
}

/**
 * The alerts without their thresholds; no alert fires on a sound server. This one has no engine and no override: `alerts_test.yml` has the
 * series of the others, and tests/monitoring/families.test.ts and tests/metrics/check-families.test.ts show that they exist.
 */
function alertQueries(): NamedQuery[] {
  const rules = alertRules().filter(({ expr }) => !/healthcheck_(?:engine_|forced)/.test(expr));
  return rules.flatMap(({ alert, expr, annotations }) => {
    const texts = Object.values(annotations).join();
    const labels = [...texts.matchAll(/\$labels\.(\w+)/g)].map(([, label = ""]) => label);
    return alternatives(withoutThresholds(expr)).map((one) => ({
      where: `alert ${alert}`,
      expr: one,
      labels,
    }));
  });
}

async function expectSoundRules({ prometheus }: Monitored): Promise<void> {
  const rules = await until(
    async () => {
      const all = await prometheus.rules();
      return all.every(({ health }) => health !== "unknown") && all;
    },
    DATA_MS,
    "every rule to be evaluated",
  );
  expect(rules.filter(({ health }) => health !== "ok")).toEqual([]);
  expect(rules.length).toBe(alertRules().length + recordingRules().length);
  // One healthcheck is down for good: its alert waits for its time, and its texts are filled in.
  const [pending] = rules.find(({ name }) => name === "HealthcheckDown")?.alerts ?? [];
  expect(pending?.annotations["summary"]).toMatch(
    /^Healthcheck \d+ \(\w+:\/\/127\.0\.0\.1:\d+\S*\) on 127\.0\.0\.1:\d+ is unhealthy$/,
  );
}

peerTest(
  "monitoring: every query of dashboard, alerts and documentation finds data of the real daemon",
  ["prometheus"],
  async () => {
    await using monitored = await startMonitored();
    const { prometheus } = monitored;
    expect(await prometheus.targets()).toMatchObject([{ health: "up", lastError: "" }]);
    const recorded = recordingRules().map(({ record, expr }) => ({ where: record, expr, labels: [] }));
    await expectData(prometheus, [
      ...(await dashboardQueries(prometheus)),
      ...alertQueries(),
      ...recorded,
      ...PAGES.flatMap(pageQueries),
    ]);
    await expectSoundRules(monitored);
  },
  90_000,
);
