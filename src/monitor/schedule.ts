/**
 * Start times of a healthcheck, pure. The first checks of a large new set are spread over about a second. After its first check
 * each healthcheck joins a grid of its own, time on the grid + k × interval, so nothing drifts; the manager spreads these
 * grids evenly over the interval (`src/manager/phase-table.ts`).
 *
 * An unhealthy backend has another grid, that of `down_interval`, with the same share of the interval as its place: dead backends are spread
 * as evenly as the others. A change of the grid leads to it as the first check does (`replan`). Starts at `fast_interval` are extra ones
 * between two times of the grid, counted from the start before; the grid remains, and the check after the last of them joins it again.
 * Jitter moves a start to a later time than the one on the grid, and the next one is counted from the grid, so that the mean rate stays.
 */
import type { PaceSpec } from "../model/spec.ts";
import type { State } from "../model/status.ts";

/**
 * Maximum number of checks that start together. A larger set is started in groups of this size: waking up for each single check
 * would cost more than the check.
 */
const IMMEDIATE_START_LIMIT = 50;
/** Groups follow each other at a pace of one check in this time … */
const START_SPACING_MS = 0.7;
/** … but a set of up to 10,000 within this time, and a larger one at the same pace. */
const SPREAD_MS = 1_400;
const PACE_PER_MS = 10_000 / SPREAD_MS;
/** An inconclusive check is repeated after a quarter of its interval, within these bounds. */
const MIN_REPEAT_MS = 50;
const MAX_REPEAT_MS = 1_000;

/**
 * Returns the start of the first check of one of several new healthchecks.
 *
 * @param index - position of the healthcheck, from 0
 * @param count - number of new healthchecks
 * @returns milliseconds from now
 */
export function firstStartMs(index: number, count: number): number {
  if (count <= IMMEDIATE_START_LIMIT) return 0;
  const windowMs = Math.max(Math.min(count * START_SPACING_MS, SPREAD_MS), count / PACE_PER_MS);
  return ((index - (index % IMMEDIATE_START_LIMIT)) * windowMs) / count;
}

/** The due times of one healthcheck: `timeMs` + k × `intervalMs`, for every integer k. Milliseconds on the scheduler's clock. */
export interface Grid {
  readonly intervalMs: number;
  readonly timeMs: number;
}

/** The place of a healthcheck on the grid of each of its intervals. */
export interface Phase {
  /** A multiple of every interval, such as 1970 on the scheduler's clock. */
  readonly originMs: number;
  /** Share of the interval by which the due times lie after its multiples, 0 to 1. */
  readonly share: number;
}

/** Returns the grid of an interval. */
export function gridOf(intervalMs: number, { originMs, share }: Phase): Grid {
  // The remainder is small: a sum with 1970 in it would lose digits of the fraction.
  return { intervalMs, timeMs: (originMs % intervalMs) + share * intervalMs };
}

/** `fast` while results speak against the state, `down` while unhealthy, else `normal`. */
export type Pace = "normal" | "fast" | "down";

/**
 * Returns the pace of the next check. `fast` only where its interval is the shorter one.
 *
 * @param measured - state by the results alone
 * @param against - number of results in a row that speak against it
 */
export function paceOf(spec: PaceSpec, measured: State, against: number): Pace {
  const pace = measured === "unhealthy" ? "down" : "normal";
  return against > 0 && spec.fastIntervalMs < intervalOf(spec, pace) ? "fast" : pace;
}

/** Returns the time between two starts at a pace. */
export function intervalOf({ intervalMs, fastIntervalMs, downIntervalMs }: PaceSpec, pace: Pace): number {
  if (pace === "normal") return intervalMs;
  return pace === "fast" ? fastIntervalMs : downIntervalMs;
}

/**
 * A planned start. `off` the grid: the first check, or one on the way to the grid. `joining`: the first start on the grid.
 * `on`: every one after it.
 */
export interface Plan {
  readonly dueMs: number;
  readonly place: "off" | "joining" | "on";
}

/** Plan after a start that has come due, and the number of starts that were left out. */
export interface NextPlan extends Plan {
  readonly skipped: number;
}

/** Returns the first time on a grid that is not before `fromMs`. */
export function firstOnGrid({ intervalMs, timeMs }: Grid, fromMs: number): number {
  return timeMs + Math.ceil((fromMs - timeMs) / intervalMs) * intervalMs;
}

/**
 * Plans the check after one that was off the grid: half an interval later at the earliest, an interval later at the latest.
 * Where the grid has no time within these bounds, the way to it is two equal gaps, each of half to three quarters of the interval:
 * a gap is never longer than the interval, and a check of up to half the interval is over before the next is due.
 *
 * @param dueMs - when that check was due
 * @param nowMs - its actual start; after a late one, the next check still starts a quarter of the interval later at the earliest
 */
export function settle(dueMs: number, grid: Grid, nowMs = dueMs): Plan {
  const { intervalMs } = grid;
  const gridMs = firstOnGrid(grid, Math.max(dueMs + intervalMs / 2, nowMs + intervalMs / 4));
  if (gridMs - nowMs <= intervalMs) return { dueMs: gridMs, place: "joining" };
  return { dueMs: (nowMs + gridMs) / 2, place: "off" };
}

/**
 * Plans the start after one that has come due.
 *
 * @param due - the plan whose time has come, at or before `nowMs`
 * @param runningSinceMs - start of the check that still runs, if one does: the due start does not happen then
 */
export function nextPlan(due: Plan, grid: Grid, nowMs: number, runningSinceMs?: number): NextPlan {
  const { intervalMs } = grid;
  if (due.place === "on" || (due.place === "joining" && runningSinceMs === undefined)) {
    const { dueMs, missed } = nextOnGrid(due.dueMs, intervalMs, nowMs);
    return { dueMs, place: "on", skipped: missed + (runningSinceMs === undefined ? 0 : 1) };
  }
  if (runningSinceMs === undefined) {
    return { ...settle(due.dueMs, grid, nowMs), skipped: Math.floor((nowMs - due.dueMs) / intervalMs) };
  }
  // The way to the grid has gaps shorter than the interval. Where the check takes longer than that, nothing was skipped yet.
  const latestMs = runningSinceMs + intervalMs;
  if (nowMs < latestMs) return { dueMs: latestMs, place: "off", skipped: 0 };
  const skipped = Math.floor((nowMs - latestMs) / intervalMs) + 1;
  return { dueMs: firstOnGrid(grid, nowMs), place: "on", skipped };
}

/**
 * Plans the next start after the interval has changed. The gap since the last check stays within the longer of the two
 * intervals.
 *
 * @param startedAtMs - start of the last check
 * @param oldDueMs - when the next one was due
 * @param grid - with the new interval
 */
export function replan(startedAtMs: number, oldDueMs: number, grid: Grid, nowMs: number): Plan {
  const plan = settle(startedAtMs, grid);
  if (plan.dueMs >= nowMs) return plan;
  const gridMs = firstOnGrid(grid, nowMs);
  return gridMs <= oldDueMs ? { dueMs: gridMs, place: "joining" } : { dueMs: oldDueMs, place: "off" };
}

/** Next time on the grid, and the number of times on it that were missed. */
export interface GridStep {
  readonly dueMs: number;
  readonly missed: number;
}

/**
 * Returns the next due time on the grid.
 *
 * @param dueMs - a due time that has come
 * @param intervalMs - above 0
 * @param nowMs - due times up to this one are missed
 */
export function nextOnGrid(dueMs: number, intervalMs: number, nowMs: number): GridStep {
  const nextMs = dueMs + intervalMs;
  if (nextMs > nowMs) return { dueMs: nextMs, missed: 0 };
  const missed = Math.floor((nowMs - nextMs) / intervalMs) + 1;
  return { dueMs: nextMs + missed * intervalMs, missed };
}

/**
 * Returns the delay until an inconclusive check is repeated.
 *
 * @param jitter - 0 to 1, so that checks that failed together are not repeated together
 */
export function repeatAfterMs(intervalMs: number, jitter: number): number {
  return Math.min(MAX_REPEAT_MS, Math.max(MIN_REPEAT_MS, intervalMs / 4)) * (0.5 + jitter / 2);
}
