/**
 * Healthchecks as the API shows them; pure. Each check type shows its own settings without secrets (src/checks/TYPE/view.ts,
 * docs/security.md).
 */
import { checkTypeOf, formatTarget } from "../checks/registry.ts";
import { phaseFields, roundMs } from "../model/phases.ts";
import type { HealthcheckSpec } from "../model/spec.ts";
import type { PastResult } from "../monitor/history.ts";
import type { Monitor } from "../monitor/monitor.ts";
import { endWallMs, type Override } from "../monitor/override.ts";
import { currentMoment } from "../system/boot-clock.ts";
import type {
  DampingDetail,
  HealthcheckDetail,
  HealthcheckItem,
  HistoryItem,
  LastResult,
  OverrideInfo,
} from "./api.ts";

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
      ...paceFields(spec),
      timeout_ms: spec.timeoutMs,
      rise: spec.rise,
      fall: spec.fall,
      ...checkTypeOf(spec.check).view(spec.check),
    },
    measured_state: health.state,
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
    pace: monitor.pace,
    next_at: isoTimeOrNull(monitor.nextStartWallMs),
    ...dampingFields(monitor),
    history: [...(record?.history ?? [])].map(historyItem),
  };
}

/** The part of the pace that differs from a plain interval. */
function paceFields({ intervalMs, fastIntervalMs, downIntervalMs, jitter, damping }: HealthcheckSpec) {
  return {
    ...(fastIntervalMs === intervalMs ? {} : { fast_interval_ms: fastIntervalMs }),
    ...(downIntervalMs === intervalMs ? {} : { down_interval_ms: downIntervalMs }),
    ...(jitter === 0 ? {} : { jitter }),
    ...(damping === undefined
      ? {}
      : {
          damping: {
            half_life_ms: damping.halfLifeMs,
            suppress: damping.suppress,
            reuse: damping.reuse,
          },
        }),
  };
}

function dampingFields({ damping, spec }: Monitor): { readonly damping?: DampingDetail } {
  if (damping === undefined || spec.damping === undefined) return {};
  const { isDamped, measured, penalty, calmInMs } = damping;
  const { suppress, reuse } = spec.damping;
  return {
    damping: {
      damped: isDamped,
      measured_state: measured,
      penalty: Math.round(penalty),
      suppress,
      reuse,
      calm_in_ms: Math.ceil(calmInMs),
    },
  };
}

/** Returns the text that a search matches, in lower case. */
export function searchText(monitor: Monitor): string {
  const { spec, record } = monitor;
  const { name, labels } = spec;
  const named = name === undefined ? "" : `${name} `;
  const labeled = labels?.map((pair) => `${pair.join("=")} `).join("") ?? "";
  return `${spec.id} ${named}${labeled}${formatTarget(spec.check)} ${record?.history.lastMessage ?? ""}`.toLowerCase();
}

function head({ spec, state, record, provisional, sinceMs, override, isDamped }: Monitor) {
  const last = record?.history.at(0);
  return {
    id: spec.id,
    ...(spec.name === undefined ? {} : { name: spec.name }),
    type: spec.check.type,
    target: formatTarget(spec.check),
    state,
    ...(isDamped ? { damped: true as const } : {}),
    ...(override === undefined ? {} : { override: overrideView(override) }),
    ...(provisional === undefined ? {} : { provisional: true as const }),
    since: isoTime(sinceMs),
    last: last === undefined ? null : lastResult(last),
  };
}

/** Formats an override, with its end by the wall clock as it is now. */
export function overrideView(override: Override): OverrideInfo {
  const { action, reason, by, sinceMs } = override;
  const until = isoTime(endWallMs(override, currentMoment(Date.now())));
  return { action, reason, user: by.user, uid: by.uid, pid: by.pid, since: isoTime(sinceMs), until };
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

function isoTimeOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : isoTime(ms);
}

function round(ms: number | undefined): number | null {
  return ms === undefined ? null : roundMs(ms);
}
