/**
 * Durations as people, Go and Rust's humantime write them: `5s`, `500ms`, `1m30s`, `1m 30s`, `1.5s`, `1m0.5s`, `250µs`, `100 ms`,
 * `1hour 12min`. Used by the configuration file, the wire and the command line.
 */

const SECOND_MS = 1_000;
const DAY_MS = 86_400 * SECOND_MS;

/** The spellings of each unit, and its milliseconds. The humantime crate defines a month as 30.44 days, a year as 365.25. */
const UNITS: readonly (readonly [spellings: string, ms: number])[] = [
  ["ns nsec nanos", 1e-6],
  ["us usec micros µs μs", 1e-3], // U+00B5, which Go writes, and U+03BC, which keyboards write
  ["ms msec millis", 1],
  ["s sec secs second seconds", SECOND_MS],
  ["m min mins minute minutes", 60 * SECOND_MS],
  ["h hr hrs hour hours", 3_600 * SECOND_MS],
  ["d day days", DAY_MS],
  ["w wk wks week weeks", 7 * DAY_MS],
  ["M month months", 30.44 * DAY_MS],
  ["y yr yrs year years", 365.25 * DAY_MS],
];

const MS_PER_UNIT: ReadonlyMap<string, number> = new Map(
  UNITS.flatMap(([spellings, ms]) => spellings.split(" ").map((unit) => [unit, ms] as const)),
);

/** humantime allows blanks also between digits, as in `1 000 ms`. */
const NUMBER = "[0-9](?:\\s*[0-9])*(?:\\.[0-9]*)?|\\.[0-9]+";
/** The longest first: a regular expression takes the first that fits. */
const UNIT = [...MS_PER_UNIT.keys()].sort((a, b) => b.length - a.length).join("|");
const PART = new RegExp(`\\s*(${NUMBER})\\s*(${UNIT})`, "uy");

/** The form of a duration, for readers that only have a pattern, such as an editor. A bare 0 does not match. */
export const DURATION_PATTERN = new RegExp(`^\\s*(?:(?:${NUMBER})\\s*(?:${UNIT})\\s*)+$`);

/** Rule for a duration in error messages. */
export const DURATION_RULE = durationRule(0, Number.POSITIVE_INFINITY);

/**
 * Describes a duration within a range, for error messages; the examples lie within the range.
 *
 * @param minMs - milliseconds, at most 5,000
 * @param maxMs - milliseconds, at least 5,000
 */
export function durationRule(minMs: number, maxMs: number): string {
  const examples = ["500ms", "5s", "1m30s"].filter((text) => isWithin(parseDuration(text), minMs, maxMs));
  return `a duration such as ${examples
    .map((text) => `"${text}"`)
    .join(", ")
    .replace(/, (?=[^,]*$)/, " or ")}`;
}

function isWithin(ms: number | undefined, minMs: number, maxMs: number): boolean {
  return ms !== undefined && ms >= minMs && ms <= maxMs;
}

/**
 * Reads a duration.
 *
 * @param text - one or more numbers with a unit (docs/configuration.md lists them), largest first by habit but in any order
 * @returns milliseconds, finite and not negative, or `undefined` when the text is not a duration
 */
export function parseDuration(text: string): number | undefined {
  const trimmed = text.trim();
  if (trimmed === "0") return 0; // Go prints its zero as 0s and reads a bare 0
  let totalMs = 0;
  PART.lastIndex = 0;
  while (PART.lastIndex < trimmed.length) {
    const part = PART.exec(trimmed);
    const factor = MS_PER_UNIT.get(part?.[2] ?? "");
    if (part === null || factor === undefined) return undefined;
    totalMs += Number(part[1]?.replace(/\s+/g, "")) * factor;
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
