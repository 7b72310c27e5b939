/** Durations as field values: written with units (`100ms`, `1m30s`), read into milliseconds. */
import {
  DURATION_PATTERN,
  DURATION_RULE,
  durationRule,
  formatDuration,
  parseDuration,
} from "../model/duration.ts";
import { show } from "../model/format-value.ts";
import type { Value } from "./field.ts";
import { outOfRange, problem, replaced } from "./problem.ts";
import { custom } from "./values.ts";

/** Longest duration that a healthcheck or an option takes, in milliseconds. */
export const YEAR_MS = 365 * 86_400_000;
const UP_TO_A_YEAR = {
  kind: "duration",
  rule: `${DURATION_RULE}, above 0 and at most a year`,
  range: "above 0, at most a year",
  json: { type: "string", pattern: DURATION_PATTERN.source },
};

/** A duration of any sign, in milliseconds: Go prints negative ones. The caller brings it into its range. */
export const durationMs = custom<string, number>(UP_TO_A_YEAR, (input) =>
  typeof input === "string" ? knownOrParsed(input) : undefined,
);

/** Results of {@link parseSigned}: the thousands of healthchecks of a set have few different durations. */
const parsed = new Map<string, number | undefined>();
const MAX_PARSED = 64;
const MAX_KEPT_CHARS = 32;

function knownOrParsed(written: string): number | undefined {
  const known = parsed.get(written);
  if (known !== undefined) return known;
  const ms = parseSigned(written);
  if (written.length > MAX_KEPT_CHARS) return ms;
  if (parsed.size >= MAX_PARSED) parsed.clear();
  parsed.set(written, ms);
  return ms;
}

function parseSigned(written: string): number | undefined {
  const [, sign, rest = written] = /^\s*([-+])(.*)$/s.exec(written) ?? [];
  const ms = parseDuration(rest);
  return ms === undefined || sign !== "-" ? ms : -ms;
}

/** A duration above 0 of at most a year, in milliseconds. */
export const positiveDurationMs = ranged(UP_TO_A_YEAR, (ms) => ms > 0 && ms <= YEAR_MS);

/**
 * Makes a duration within a range, in milliseconds.
 *
 * @param min - smallest allowed, as it is written: `1ms`; at most 5 s
 * @param max - largest allowed, at least 5 s
 */
export function duration(min: string, max: string) {
  const { isWithin, facts } = rangeOf(min, max);
  return ranged(facts, isWithin);
}

/** {@link duration} of which a value out of range counts as the nearest in range, with a warning. */
export function clampedDuration(min: string, max: string) {
  const { isWithin, facts, minMs } = rangeOf(min, max);
  const amend: Value["amend"] = (value) => {
    const ms = typeof value === "string" ? parseDuration(value) : undefined;
    if (ms === undefined || isWithin(ms)) return undefined;
    const nearest = ms < minMs ? min : max;
    return { value: nearest, warnings: [replaced(`${show(value)} is out of range`, nearest, facts.rule)] };
  };
  return { ...ranged(facts, isWithin), amend };
}

function rangeOf(min: string, max: string) {
  const minMs = parseDuration(min) ?? 0;
  const maxMs = parseDuration(max) ?? Number.POSITIVE_INFINITY;
  const range = `${min} to ${max}`;
  return {
    minMs,
    isWithin: (ms: number) => ms >= minMs && ms <= maxMs,
    facts: {
      ...UP_TO_A_YEAR,
      rule: `${durationRule(minMs, maxMs)}, from ${range}`,
      range,
      bounds: { min: minMs, max: maxMs },
    },
  };
}

function ranged(facts: Omit<Value, "schema">, isWithin: (ms: number) => boolean) {
  const read = (input: unknown) => (typeof input === "string" ? parseDuration(input) : undefined);
  const value = custom<string, number>(
    facts,
    (input) => {
      const ms = read(input);
      return ms !== undefined && isWithin(ms) ? ms : undefined;
    },
    (input, rule) => (read(input) === undefined ? problem(input, rule) : outOfRange(input, rule)),
  );
  return { ...value, format: (ms: unknown) => (typeof ms === "number" ? formatDuration(ms) : ms) };
}
