/** The dashboard as a file: what Grafana would not complain of and a person would. Run by `bun test`. */

import { expect, test } from "bun:test";
import { dashboard, panelQueries, panels, readYamlFile } from "../harness/observers/monitoring-files.ts";

const COLUMNS = 24;
/** Grafana's name for whatever the variable of that name holds; no template of ours. */
const CHOSEN = `$\{datasource}`;

test("dashboard: it has the name, the uid and the schema of the Grafana that is pinned", () => {
  expect(dashboard.title).toBe("Healthcheck Server Metrics");
  expect(dashboard.uid).toBe("healthcheck-server");
  // 41 is the schema of Grafana 12.
  expect(dashboard.schemaVersion).toBe(41);
  expect(readYamlFile("docker-compose.yml").services["grafana"]?.image).toMatch(/:12\./);
});

test("dashboard: its rows are those that are promised, in this order", () => {
  const rows = dashboard.panels.filter(({ type }) => type === "row").map(({ title }) => title);
  expect(rows).toEqual([
    "Overview",
    "Performance",
    "Transitions",
    "Batching",
    "Errors",
    "Lateness",
    "Process",
    "One healthcheck: $id",
  ]);
});

test("dashboard: every panel has a description, a unit, and the chosen data source", () => {
  for (const panel of panels) {
    expect(panel.title).not.toBe("");
    expect(panel.description?.length ?? 0).toBeGreaterThan(20);
    expect(panel.datasource?.uid).toBe(CHOSEN);
    expect(panel.targets?.length ?? 0).toBeGreaterThan(0);
    for (const { datasource } of panel.targets ?? []) expect(datasource.uid).toBe(CHOSEN);
    expect(panel.fieldConfig?.defaults.unit).toBeString();
  }
});

test("dashboard: panels have ids of their own and do not lie on one another", () => {
  const { panels: all } = dashboard;
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  const taken = new Map<string, string>();
  for (const { title, gridPos } of all) {
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(COLUMNS);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect(taken.get(`${x} ${y}`)).toBeUndefined();
        taken.set(`${x} ${y}`, title);
      }
    }
  }
});

test("dashboard: states are shown as text", () => {
  const shown = panels.filter(({ targets = [] }) =>
    targets.some(({ expr }) => expr.startsWith("healthcheck_state{")),
  );
  expect(shown.length).toBeGreaterThan(0);
  for (const { fieldConfig } of shown) {
    const [mapping] = fieldConfig?.defaults.mappings ?? [];
    expect(mapping?.options).toMatchObject({
      0: { text: "unknown" },
      1: { text: "healthy" },
      2: { text: "unhealthy" },
    });
  }
});

// With 10,000 healthchecks a panel that draws them one by one draws nothing that can be read, if it draws at all.
test("dashboard: what has a series for each healthcheck is aggregated, cut off or of one id", () => {
  const perHealthcheck = /healthcheck_(checks_total|response_time|state\b|state_transitions|consecutive_)/;
  for (const { where, expr } of panelQueries().filter((query) => perHealthcheck.test(query.expr))) {
    const bounded = /^topk\(\d+,/.test(expr) || expr.includes('id="$id"') || /\w+:\w+:rate5m/.test(expr);
    expect({ where, bounded }).toEqual({ where, bounded: true });
  }
});
