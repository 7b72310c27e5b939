/** Histogram buckets as a value of the configuration file; odd lists that the Rust server accepts are made usable. */
import { show } from "../model/format-value.ts";
import type { Amended } from "../schema/amend.ts";
import { checked, custom, list } from "../schema/values.ts";

/** A histogram has at most this many buckets besides the infinite one; each healthcheck has a histogram. */
export const MAX_BUCKETS = 50;

const bound = custom<number, number>(
  {
    kind: "number",
    rule: "a positive number",
    range: "above 0",
    json: { type: "number", exclusiveMinimum: 0 },
  },
  (input) => (typeof input === "number" && input > 0 ? input : undefined),
);

/** Makes the upper bounds of a histogram's buckets. @param unit - of the bounds: `seconds` */
export function buckets(unit: string) {
  const range = `1 to ${MAX_BUCKETS} ascending positive numbers (${unit})`;
  const rule = `a list of ${range}`;
  const bounds = list(bound, "numbers", range, MAX_BUCKETS, rule);
  return {
    ...checked(bounds, isAscending, rule),
    range,
    json: { ...bounds.json, minItems: 1, uniqueItems: true },
    amend: amendBuckets,
  };
}

function isAscending(bounds: readonly number[]): boolean {
  return bounds.length > 0 && bounds.every((bound, at) => bound > (bounds[at - 1] ?? 0));
}

/**
 * Puts a list of buckets in order: ascending, positive, finite, each bound once, at most {@link MAX_BUCKETS}.
 *
 * @returns undefined when it is in order, or not a list of numbers
 */
export function amendBuckets(value: unknown): Amended | undefined {
  if (!Array.isArray(value) || !value.every((bound): bound is number => typeof bound === "number"))
    return undefined;
  const warnings: string[] = [];
  const useful = value.filter((bound) => bound > 0 && Number.isFinite(bound));
  const useless = [...new Set(value.filter((bound) => !useful.includes(bound)))];
  for (const bound of useless.slice(0, 3)) warnings.push(`ignoring ${show(bound)}: ${whyUseless(bound)}`);
  if (useless.length > 3) warnings.push(`ignoring ${useless.length - 3} more bounds: not positive numbers`);
  const sorted = [...new Set(useful)].sort((a, b) => a - b);
  if (sorted.length < useful.length) warnings.push("duplicate bounds are ignored");
  if (useful.some((bound, at) => bound < (useful[at - 1] ?? 0)))
    warnings.push("the bounds are not ascending and are sorted");
  if (sorted.length > MAX_BUCKETS)
    warnings.push(`only ${MAX_BUCKETS} of the ${sorted.length} bounds are used, evenly spread`);
  if (sorted.length === 0)
    return { value: undefined, warnings: [...warnings, "no valid bound; the default is used"] };
  return warnings.length === 0 ? undefined : { value: thinned(sorted), warnings };
}

function whyUseless(bound: number): string {
  if (bound === Number.POSITIVE_INFINITY) return "every histogram ends with an infinite bucket";
  return bound <= 0 ? "no measured value is below it" : "not a number";
}

/** The first and the last bound, and those in between at even steps. */
function thinned(sorted: readonly number[]): number[] {
  if (sorted.length <= MAX_BUCKETS) return [...sorted];
  const step = (sorted.length - 1) / (MAX_BUCKETS - 1);
  return Array.from({ length: MAX_BUCKETS }, (_, at) => sorted[Math.round(at * step)] ?? 0);
}
