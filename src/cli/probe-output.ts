/** How a probe's result is shown, to people and to programs. */
import { type CheckResult, formatResult, type Phases } from "../model/result.ts";

const PHASES: readonly (readonly [phase: keyof Phases, label: string, json: string])[] = [
  ["resolveMs", "resolve", "resolve_ms"],
  ["connectMs", "connect", "connect_ms"],
  ["tlsMs", "tls", "tls_ms"],
  ["firstByteMs", "first byte", "first_byte_ms"],
  ["transferMs", "transfer", "transfer_ms"],
];

const WORDS = { success: "healthy", failure: "unhealthy", inconclusive: "inconclusive" } as const;

/** Target, phases, verdict; ends with a line break. */
export function formatProbe(target: string, result: CheckResult): string {
  const lines = [target];
  if (result.outcome !== "inconclusive") {
    for (const [phase, label] of PHASES) {
      const ms = result.phases[phase];
      if (ms !== undefined) lines.push(row(label, ms));
    }
    lines.push(row("total", result.durationMs));
  }
  lines.push(`${WORDS[result.outcome]}: ${formatResult(result)}`);
  return `${lines.join("\n")}\n`;
}

/** One JSON object on one line. */
export function probeJson(target: string, result: CheckResult): string {
  const { code, message } = result;
  const verdict = { target, verdict: WORDS[result.outcome], code, message };
  if (result.outcome === "inconclusive") return `${JSON.stringify({ ...verdict, cause: result.cause })}\n`;
  const phases = PHASES.flatMap(([phase, , json]) => {
    const ms = result.phases[phase];
    return ms === undefined ? [] : [[json, round(ms)] as const];
  });
  const times = { duration_ms: round(result.durationMs), phases: Object.fromEntries(phases) };
  return `${JSON.stringify({ ...verdict, ...times })}\n`;
}

function row(label: string, ms: number): string {
  return `  ${label.padEnd(12)}${ms.toFixed(3).padStart(10)} ms`;
}

function round(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
