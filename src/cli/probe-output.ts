/** Formats the result of a probe, for people and for programs. */
import { PHASES, phaseFields, roundMs } from "../model/phases.ts";
import { type CheckResult, formatResult } from "../model/result.ts";

const WORDS = { success: "healthy", failure: "unhealthy", inconclusive: "inconclusive" } as const;

/** Formats target, phases and verdict; ends with a line break. */
export function formatProbe(target: string, result: CheckResult): string {
  const lines = [target];
  if (result.outcome !== "inconclusive") {
    for (const { key, label } of PHASES) {
      const ms = result.phases[key];
      if (ms !== undefined) lines.push(row(label, ms));
    }
    lines.push(row("total", result.durationMs));
  }
  lines.push(`${WORDS[result.outcome]}: ${formatResult(result)}`);
  return `${lines.join("\n")}\n`;
}

/** Formats one JSON object on one line. */
export function probeJson(target: string, result: CheckResult): string {
  const { code, message } = result;
  const verdict = { target, verdict: WORDS[result.outcome], code, message };
  if (result.outcome === "inconclusive") return `${JSON.stringify({ ...verdict, cause: result.cause })}\n`;
  const times = { duration_ms: roundMs(result.durationMs), phases: phaseFields(result.phases) };
  return `${JSON.stringify({ ...verdict, ...times })}\n`;
}

function row(label: string, ms: number): string {
  return `  ${label.padEnd(12)}${ms.toFixed(3).padStart(10)} ms`;
}
