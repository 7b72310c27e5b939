/**
 * The starts of one healthcheck: it keeps the plan of `schedule.ts` in the scheduler. Owned by a monitor, which reports each start that has come
 * due and each result.
 */
import type { PaceSpec } from "../model/spec.ts";
import type { Scheduler, Startable, StartEntry } from "../scheduler/scheduler.ts";
import type { Clock } from "../system/clock.ts";
import {
  type Grid,
  gridOf,
  intervalOf,
  nextPlan,
  type Pace,
  type Phase,
  type Plan,
  repeatAfterMs,
  replan,
  settle,
} from "./schedule.ts";

/** Environment of a timetable. */
interface TimetableEnv {
  readonly clock: Clock;
  readonly scheduler: Pick<Scheduler, "entry" | "startAt" | "cancelStart">;
}

/** Schedules the starts of one healthcheck. */
export class Timetable {
  readonly #env: TimetableEnv;
  readonly #entry: StartEntry;
  #spec: PaceSpec;
  #phase: Phase = { originMs: 0, share: 0 };
  #grid: Grid;
  /** Next planned start; the repetition of an inconclusive check and a check at `fast_interval` may come before it. */
  #plan: Plan = { dueMs: 0, place: "off" };
  /** Time by which jitter delays the planned start. */
  #jitterMs = 0;
  /** True when the next start is one at `fast_interval`. */
  #fastNext = false;
  #isPaused = false;
  /** Due time of the newest check and its start; undefined before the first. */
  #newest: { readonly dueMs: number; readonly startedMs: number } | undefined;

  /** @param startable - what is started */
  constructor(spec: PaceSpec, startable: Startable, env: TimetableEnv) {
    this.#spec = spec;
    this.#env = env;
    this.#grid = gridOf(spec.intervalMs, this.#phase);
    this.#entry = env.scheduler.entry(startable);
  }

  /** Next start, on the scheduler's clock; undefined when it is due already, or after {@link cancel}. */
  get nextMs(): number | undefined {
    return this.#entry.scheduled ? this.#entry.atMs : undefined;
  }

  /**
   * Schedules the first check.
   *
   * @param firstMs - its start
   * @param phase - place of the later checks on their grid
   */
  start(firstMs: number, phase: Phase, isUnhealthy: boolean): void {
    this.#phase = phase;
    this.#grid = gridOf(this.#intervalMs(isUnhealthy), phase);
    this.#schedule({ dueMs: firstMs, place: "off" });
  }

  /** Starts nothing until {@link resume}. */
  pause(): void {
    this.#isPaused = true;
    this.cancel();
  }

  /** Starts a check now, and keeps to the grid from then on. */
  resume(): void {
    this.#isPaused = false;
    this.#schedule({ dueMs: this.#env.clock.nowMs(), place: "off" });
  }

  /** Cancels the next start. */
  cancel(): void {
    this.#env.scheduler.cancelStart(this.#entry);
  }

  /**
   * Applies other intervals.
   *
   * @param phase - place on the grid of the new interval; without effect unless the interval in use changes
   */
  reconfigure(spec: PaceSpec, phase: Phase, isUnhealthy: boolean): void {
    const isSame = spec.intervalMs === this.#spec.intervalMs;
    this.#spec = spec;
    if (isSame && this.#intervalMs(isUnhealthy) === this.#grid.intervalMs) return;
    this.#phase = phase;
    const { nextMs } = this;
    // An inconclusive check may be scheduled for repetition already.
    const earlyMs = nextMs !== undefined && nextMs < this.#plannedMs ? nextMs : undefined;
    const isFast = this.#fastNext;
    this.#regrid(isUnhealthy);
    if (earlyMs !== undefined && this.#newest !== undefined) this.#startEarly(earlyMs, isFast);
  }

  /**
   * Schedules the start after one that has come due.
   *
   * @param dueMs - when it was due
   * @param runningSinceMs - start of the check that still runs, if one does: the due start does not happen then
   * @returns number of starts that were left out
   */
  came(dueMs: number, nowMs: number, runningSinceMs: number | undefined): number {
    const skipped = this.#planAfter(dueMs, nowMs, runningSinceMs);
    if (runningSinceMs === undefined) this.#newest = { dueMs, startedMs: nowMs };
    return skipped;
  }

  #planAfter(dueMs: number, nowMs: number, runningSinceMs: number | undefined): number {
    const plan = this.#plan;
    const jitterMs = this.#jitterMs;
    const maxJitterMs = this.#maxJitterMs(plan);
    if (plan.dueMs + jitterMs > nowMs) {
      // After checks at the fast interval, the next time on the grid may be too close to the last of them.
      if (this.#fastNext) this.#schedule(settle(dueMs, this.#grid, nowMs));
      else this.#arm(this.#plannedMs);
      return 0;
    }
    if (runningSinceMs !== undefined && jitterMs < maxJitterMs) {
      // By their jitter the two starts are less than an interval apart: the check has not run too long yet.
      this.#jitterMs = maxJitterMs;
      this.#arm(this.#plannedMs);
      return 0;
    }
    const sinceMs = runningSinceMs === undefined ? undefined : runningSinceMs - jitterMs;
    const next = nextPlan(plan, this.#grid, nowMs - jitterMs, sinceMs);
    this.#schedule(next);
    return next.skipped;
  }

  /** Applies the pace of the next check, after a result. */
  repace(pace: Pace, isUnhealthy: boolean): void {
    if (this.#intervalMs(isUnhealthy) !== this.#grid.intervalMs) this.#regrid(isUnhealthy);
    if (pace !== "fast" || this.#newest === undefined) return;
    const fastMs = this.#newest.dueMs + this.#spec.fastIntervalMs;
    this.#startEarly(Math.max(fastMs, this.#env.clock.nowMs()), true);
  }

  /** Schedules the repetition of an inconclusive check. */
  repeatSoon(pace: Pace): void {
    const intervalMs = intervalOf(this.#spec, pace === "fast" ? "fast" : "normal");
    this.#startEarly(this.#env.clock.nowMs() + repeatAfterMs(intervalMs, Math.random()), false);
  }

  /** Moves the next start to this moment, except the first one. */
  startNow(): void {
    if (this.#newest !== undefined) this.#startEarly(this.#env.clock.nowMs(), false);
  }

  #arm(atMs: number): void {
    if (!this.#isPaused) this.#env.scheduler.startAt(this.#entry, atMs);
  }

  #startEarly(atMs: number, isFast: boolean): void {
    if (atMs >= this.#plannedMs) return;
    this.#fastNext = isFast;
    this.#arm(atMs);
  }

  #schedule(plan: Plan): void {
    this.#plan = plan;
    this.#fastNext = false;
    this.#jitterMs = this.#spec.jitter === 0 ? 0 : this.#maxJitterMs(plan) * Math.random();
    this.#arm(this.#plannedMs);
  }

  get #plannedMs(): number {
    return this.#plan.dueMs + this.#jitterMs;
  }

  /** On the way to the grid there is no jitter. */
  #maxJitterMs({ place }: Plan): number {
    return place === "off" ? 0 : (this.#grid.intervalMs * this.#spec.jitter) / 100;
  }

  #intervalMs(isUnhealthy: boolean): number {
    return intervalOf(this.#spec, isUnhealthy ? "down" : "normal");
  }

  /** Moves to the grid of another interval. The first start does not depend on it. */
  #regrid(isUnhealthy: boolean): void {
    this.#grid = gridOf(this.#intervalMs(isUnhealthy), this.#phase);
    if (this.#newest === undefined) return;
    const nowMs = this.#env.clock.nowMs();
    this.#schedule(replan(this.#newest.startedMs, this.#plannedMs, this.#grid, nowMs));
  }
}
