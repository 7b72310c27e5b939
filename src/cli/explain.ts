/** `explain`: everything that a running server knows about one healthcheck, for a terminal. */
import type { DampingDetail, HealthcheckDetail, HistoryItem } from "../http/api.ts";
import { formatDuration } from "../model/duration.ts";
import { PHASES } from "../model/phases.ts";
import { idDigits } from "../schema/written-values.ts";
import type { Output } from "./check-config.ts";
import { EXIT } from "./exit.ts";
import { ask, type RemoteOptions, readAnswer, serverPlace } from "./remote.ts";
import { formatAnswer, RemoteError } from "./remote-error.ts";
import type { Environment } from "./settings.ts";
import { readWritten } from "./value-option.ts";

/**
 * Asks the server for the healthcheck and prints it.
 *
 * @param digits - the id
 * @returns the exit status: 0 when the healthcheck exists
 * @throws UsageError
 */
export async function explain(
  digits: string,
  options: RemoteOptions,
  env: Environment,
  output: Output,
): Promise<number> {
  const id = readWritten("id", idDigits, digits);
  try {
    const answer = await ask(serverPlace(options, env), `/api/healthchecks/${id}`, options);
    const detail = readAnswer<HealthcheckDetail>(answer);
    const format = () => (options.json === true ? answer.text : formatDetail(detail, Date.now()));
    output.out(formatAnswer(format));
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    output.err(`error: ${error.message}\n`);
    return EXIT.failure;
  }
}

/** Formats a healthcheck for a terminal. @param nowMs - wall clock */
export function formatDetail(detail: HealthcheckDetail, nowMs: number): string {
  const { position, totals, last } = detail;
  const forMs = Math.max(0, Math.round((nowMs - Date.parse(detail.since)) / 1_000) * 1_000);
  const lines = [
    `healthcheck ${detail.id}  ${detail.name === undefined ? "" : `${detail.name}  `}${detail.target}`,
    row(
      "state",
      `${detail.state} since ${detail.since} (${formatDuration(forMs)})${isForced(detail) ? "" : provisionalNote(detail)}`,
    ),
    ...overrideRows(detail),
    ...(detail.held === true
      ? [row("held", "unhealthy is not reported yet: the server is probably cut off from its network")]
      : []),
    row("last", last === null ? "nothing yet" : `${last.code} ${last.message}`),
    row(
      "position",
      `${position.consecutive_successes} successes in a row (rise ${position.rise}), ` +
        `${position.consecutive_failures} failures in a row (fall ${position.fall})`,
    ),
    row("next", formatNext(detail, nowMs)),
    ...(detail.damping === undefined ? [] : [row("damping", formatDamping(detail.damping))]),
    row(
      "totals",
      `${totals.checks} checks: ${totals.successes} successes, ${totals.failures} failures, ` +
        `${totals.inconclusive} inconclusive; skipped: ${totals.skipped}; state changes: ${totals.transitions}`,
    ),
    "",
    "config",
    ...Object.entries(detail.config).map(([key, value]) => row(key, formatValue(value), 16)),
    "",
    detail.history.length === 0 ? "no results yet" : "last results, newest first",
    ...detail.history.flatMap(formatResult),
  ];
  return `${lines.join("\n")}\n`;
}

function formatNext({ next_at, pace }: HealthcheckDetail, nowMs: number): string {
  if (next_at === null) return "due now";
  const inMs = Math.max(0, Math.round((Date.parse(next_at) - nowMs) / 100) * 100);
  return `check at ${next_at} (in ${formatDuration(inMs)}), ${PACE_WORDS[pace]}`;
}

const PACE_WORDS: Readonly<Record<HealthcheckDetail["pace"], string>> = {
  normal: "at interval",
  fast: "at fast_interval: results speak against the state",
  down: "at down_interval",
};

/** Formats the damping of a backend. */
function formatDamping({
  damped,
  measured_state,
  penalty,
  suppress,
  reuse,
  calm_in_ms,
}: DampingDetail): string {
  const numbers = `penalty ${penalty} (suppress ${suppress}, reuse ${reuse})`;
  if (!damped) return numbers;
  const calm = calm_in_ms === 0 ? "calm" : `calm in ${formatDuration(Math.ceil(calm_in_ms / 1_000) * 1_000)}`;
  return `flapping, stays unhealthy; measured state ${measured_state}; ${numbers}, ${calm}`;
}

/** Describes an operator's decision, and what the checks find underneath. */
function overrideRows(detail: HealthcheckDetail): string[] {
  const { override, measured_state } = detail;
  if (override === undefined) return [];
  const { action, user, pid, since, until, reason } = override;
  const done = action === "paused" ? "paused, no checks are started," : `forced ${action}`;
  const who = `by ${user} (pid ${pid}) at ${since} until ${until}: ${reason}`;
  return [
    row("override", `${done} ${who}`),
    row("measured", `${measured_state}${isForced(detail) ? provisionalNote(detail) : ""}`),
  ];
}

function isForced({ override }: HealthcheckDetail): boolean {
  return override !== undefined && override.action !== "paused";
}

/** Describes a state from before a restart. */
function provisionalNote({ provisional }: HealthcheckDetail): string {
  return provisional === true ? "; provisional: from before the restart, not confirmed by a check yet" : "";
}

function row(label: string, text: string, width = 10): string {
  return `  ${label.padEnd(width)}${text}`;
}

function formatValue(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Formats one result: its time, duration and message, and below them how the time was spent. */
function formatResult(item: HistoryItem): string[] {
  const took = item.duration_ms === null ? "" : `${item.duration_ms.toFixed(3)} ms`;
  const phases = PHASES.flatMap(({ label, field }) => {
    const ms = item.phases[field];
    return ms === undefined ? [] : [`${label} ${ms.toFixed(3)}`];
  });
  const spent = phases.length === 0 ? "" : `${phases.join(", ")} ms; `;
  const indent = " ".repeat(51);
  return [
    `  ${item.at}  ${took.padStart(13)}  ${item.code.padEnd(6)}  ${item.message}`,
    `${indent}(${spent}started ${item.lateness_ms.toFixed(1)} ms late)`,
  ];
}
