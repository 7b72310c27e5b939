/**
 * Content of examples/monitoring and of the documentation: rules, dashboard, queries, the list of families. Called by
 * prometheus.ts and by the tests in tests/monitoring.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import dashboard from "../../../examples/monitoring/grafana/dashboards/healthcheck-server.json";

const ROOT = join(import.meta.dir, "..", "..", "..");
/** The directory of the monitoring stack. */
export const EXAMPLES = join(ROOT, "examples", "monitoring");
/** The pages whose queries and tables are tested. */
export const PAGES = ["monitoring.md", "metrics.md", "opentelemetry.md"] as const;

interface YamlFiles {
  "prometheus.yml": {
    readonly rule_files: readonly string[];
    readonly scrape_configs: readonly { readonly job_name: string }[];
  };
  "alerts.yml": { readonly groups: readonly { readonly rules: readonly AlertRule[] }[] };
  "recording.yml": { readonly groups: readonly { readonly rules: readonly RecordingRule[] }[] };
  "docker-compose.yml": { readonly services: Readonly<Record<string, Service>> };
  "grafana/provisioning/datasources/prometheus.yml": {
    readonly datasources: readonly {
      readonly uid: string;
      readonly jsonData: { readonly exemplarTraceIdDestinations: readonly { readonly name: string }[] };
    }[];
  };
  "grafana/provisioning/dashboards/healthcheck-server.yml": {
    readonly providers: readonly { readonly options: { readonly path: string } }[];
  };
}

/** An alert of alerts.yml. */
export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly ports: readonly string[];
  readonly volumes: readonly string[];
}

/** Reads a file of the stack. Its shape is taken on trust: promtool and Grafana validate it. */
export function readYamlFile<Name extends keyof YamlFiles>(name: Name): YamlFiles[Name] {
  return parse(readFileSync(join(EXAMPLES, name), "utf8")) as YamlFiles[Name];
}

/** The alerts of alerts.yml. */
export function alertRules(): AlertRule[] {
  return readYamlFile("alerts.yml").groups.flatMap(({ rules }) => rules);
}

/** The recording rules of recording.yml. */
export function recordingRules(): RecordingRule[] {
  return readYamlFile("recording.yml").groups.flatMap(({ rules }) => rules);
}

/** The dashboard, and its panels without the headings of its rows. */
export { dashboard };
export const panels = dashboard.panels.flatMap((panel) => (panel.type === "row" ? [] : [panel]));

/** An expression, and where it stands. */
export interface NamedQuery {
  readonly where: string;
  readonly expr: string;
  /** Labels that the text beside it names, `{{id}}`. */
  readonly labels: readonly string[];
}

/** All queries of the panels, their variables not yet filled in. */
export function panelQueries(): NamedQuery[] {
  return panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, refId, ...target }) => {
      const legend = "legendFormat" in target ? target.legendFormat : "";
      const labels = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = ""]) => label);
      return { where: `panel "${title}" ${refId}`, expr, labels };
    }),
  );
}

/** A documentation page, as text. */
export function readPage(page: (typeof PAGES)[number]): string {
  return readFileSync(join(ROOT, "docs", page), "utf8");
}

/** The blocks of a page that are marked as PromQL; each is one query. */
export function pageQueries(page: (typeof PAGES)[number]): NamedQuery[] {
  return [...readPage(page).matchAll(/^```promql\n(.*?)^```$/gms)].map(([, expr = ""], index) => ({
    where: `docs/${page}, query ${index + 1}`,
    expr,
    labels: [],
  }));
}
