/**
 * Healthchecks as the API shows them; pure. Each check type shows its own settings without secrets (src/checks/TYPE/view.ts,
 * docs/security.md).
 */
import { checkTypeOf, formatTarget } from "../checks/registry.ts";
import { phaseFields, roundMs } from "../model/phases.ts";
import type { PastResult } from "../monitor/history.ts";
import type { Monitor } from "../monitor/monitor.ts";
import type { HealthcheckDetail, HealthcheckItem, HistoryItem, LastResult } from "./api.ts";

/** Formats a row of the list. */
export function listItem(monitor: Monitor): HealthcheckItem {
  const { record } = monitor;
  const recent = [...(record?.history.outline() ?? [])].map(({ durationMs, outcome }) => ({
    duration_ms: round(durationMs),
    result: outcome,
  }));
  return { ...head(monitor), recent };
}

/** Formats all details of a healthcheck. */
export function detail(monitor: Monitor): HealthcheckDetail {
  const { spec, status, health, record, running } = monitor;
  const { consecutiveSuccesses, consecutiveFailures } = health;
  const { successes, failures } = status;
  const inconclusive = record?.inconclusive ?? 0;
  return {
    ...head(monitor),
    config: {
      ...(spec.name === undefined ? {} : { name: spec.name }),
      ...(spec.labels === undefined ? {} : { labels: Object.fromEntries(spec.labels) }),
      interval_ms: spec.intervalMs,
      timeout_ms: spec.timeoutMs,
      rise: spec.rise,
      fall: spec.fall,
      ...checkTypeOf(spec.check).view(spec.check),
    },
    position: {
      consecutive_successes: consecutiveSuccesses,
      rise: spec.rise,
      consecutive_failures: consecutiveFailures,
      fall: spec.fall,
    },
    totals: {
      checks: successes + failures + inconclusive,
      successes,
      failures,
      inconclusive,
      skipped: record?.skipped ?? 0,
      transitions: (record?.transitions ?? []).reduce((sum, count) => sum + count, 0),
    },
    running,
    ...(monitor.isHeld ? { held: true } : {}),
    history: [...(record?.history ?? [])].map(historyItem),
  };
}

/** Returns the text that a search matches, in lower case. */
export function searchText(monitor: Monitor): string {
  const { spec, record } = monitor;
  const { name, labels } = spec;
  const named = name === undefined ? "" : `${name} `;
  const labelled = labels?.map((pair) => `${pair.join("=")} `).join("") ?? "";
  return `${spec.id} ${named}${labelled}${formatTarget(spec.check)} ${record?.history.lastMessage ?? ""}`.toLowerCase();
}

function head({ spec, health, record }: Monitor) {
  const last = record?.history.at(0);
  return {
    id: spec.id,
    ...(spec.name === undefined ? {} : { name: spec.name }),
    type: spec.check.type,
    target: formatTarget(spec.check),
    state: health.state,
    since: isoTime(record?.sinceMs ?? 0),
    last: last === undefined ? null : lastResult(last),
  };
}

function lastResult({ atMs, durationMs, outcome, code, message }: PastResult): LastResult {
  return { at: isoTime(atMs), duration_ms: round(durationMs), result: outcome, code, message };
}

function historyItem(past: PastResult): HistoryItem {
  return { ...lastResult(past), lateness_ms: roundMs(past.latenessMs), phases: phaseFields(past.phases) };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

function round(ms: number | undefined): number | null {
  return ms === undefined ? null : roundMs(ms);
}
