/**
 * Durations as people and Go write them: `5s`, `500ms`, `1m30s`, `1m 30s`, `1.5s`, `1m0.5s`, `250µs`. Used by the
 * configuration file, the wire and the command line.
 */

const MS_PER_UNIT: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3, // U+00B5, which Go writes
  μs: 1e-3, // U+03BC, which keyboards write
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const NUMBER = "[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+";
const UNIT = Object.keys(MS_PER_UNIT).join("|");
const PART = new RegExp(`\\s*(${NUMBER})(${UNIT})`, "uy");

/** What a duration looks like, for whoever judges without reading it, such as an editor. A bare 0 is not among them. */
export const DURATION_PATTERN = new RegExp(`^\\s*(?:(?:${NUMBER})(?:${UNIT})\\s*)+$`);

/** How a duration is written, in the words of error messages. */
export const DURATION_RULE = 'a duration such as "500ms", "5s" or "1m30s"';

/**
 * Reads a duration.
 *
 * @param text - one or more numbers with a unit (ns us µs ms s m h d), largest first by habit but in any order
 * @returns milliseconds, finite and not negative, or `undefined` when the text is not a duration
 */
export function parseDuration(text: string): number | undefined {
  const trimmed = text.trim();
  if (trimmed === "0") return 0; // Go prints its zero as 0s and reads a bare 0
  let totalMs = 0;
  PART.lastIndex = 0;
  while (PART.lastIndex < trimmed.length) {
    const part = PART.exec(trimmed);
    const factor = MS_PER_UNIT[part?.[2] ?? ""];
    if (part === null || factor === undefined) return undefined;
    totalMs += Number(part[1]) * factor;
  }
  return trimmed === "" || !Number.isFinite(totalMs) ? undefined : totalMs;
}

/**
 * Writes a duration for people: `100ms`, `1.5s`, `2m`.
 *
 * @param ms - milliseconds, not negative
 */
export function formatDuration(ms: number): string {
  if (ms === 0) return "0s";
  // Rounded first, so that no 60 s are left over.
  if (ms >= 60_000) return formatMinutes(Math.round(ms));
  if (ms < 1) return `${trim(ms * 1_000)}µs`;
  if (ms < 1_000) return `${trim(ms)}ms`;
  return `${trim(ms / 1_000)}s`;
}

function formatMinutes(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  const rest = ms - minutes * 60_000;
  const hours = Math.floor(minutes / 60);
  const head = hours > 0 ? `${hours}h${minutes % 60 === 0 ? "" : `${minutes % 60}m`}` : `${minutes}m`;
  return rest === 0 ? head : `${head}${trim(rest / 1_000)}s`;
}

/** At most three decimals, none that are zero. */
function trim(value: number): string {
  return String(Math.round(value * 1_000) / 1_000);
}
