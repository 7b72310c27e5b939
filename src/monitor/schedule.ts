/**
 * When a healthcheck starts, pure. Due times lie on a grid, first start + k × interval, so nothing drifts; a large new
 * set is spread so that the starts come evenly.
 */

/**
 * So few are started at once. A larger set is started in groups of so many: waking up for each check of its own would
 * cost more than the check.
 */
const HANDFUL = 50;
/** Groups follow each other at a pace of one check in this time … */
const APART_MS = 0.7;
/** … but a set of up to 10,000 within this time, and a larger one at the same pace. */
const SPREAD_MS = 1_400;
const PACE_PER_MS = 10_000 / SPREAD_MS;
/** An inconclusive check is repeated after a quarter of its interval, within these bounds. */
const LEAST_REPEAT_MS = 50;
const MOST_REPEAT_MS = 1_000;

/**
 * When the first check of one of many new healthchecks starts.
 *
 * @param index - its place among them, from 0
 * @param count - how many they are
 * @returns milliseconds from now
 */
export function firstStartMs(index: number, count: number): number {
  if (count <= HANDFUL) return 0;
  const windowMs = Math.max(Math.min(count * APART_MS, SPREAD_MS), count / PACE_PER_MS);
  return ((index - (index % HANDFUL)) * windowMs) / count;
}

/** The next time on the grid, and how many were passed over to get there. */
export interface GridStep {
  readonly dueMs: number;
  readonly missed: number;
}

/**
 * The next due time after one that has come.
 *
 * @param dueMs - the one that has come
 * @param intervalMs - above 0
 * @param nowMs - times up to it are passed over
 */
export function nextOnGrid(dueMs: number, intervalMs: number, nowMs: number): GridStep {
  const nextMs = dueMs + intervalMs;
  if (nextMs > nowMs) return { dueMs: nextMs, missed: 0 };
  const missed = Math.floor((nowMs - nextMs) / intervalMs) + 1;
  return { dueMs: nextMs + missed * intervalMs, missed };
}

/**
 * How soon an inconclusive check is repeated.
 *
 * @param jitter - 0 to 1, so that those who failed together do not come back together
 */
export function repeatAfterMs(intervalMs: number, jitter: number): number {
  return Math.min(MOST_REPEAT_MS, Math.max(LEAST_REPEAT_MS, intervalMs / 4)) * (0.5 + jitter / 2);
}
