/**
 * What a monitor remembers of itself for metrics and the status page; kept only where somebody can look at it. Writing to it
 * is part of the hot path: numbers and shared strings, no allocation.
 */
import { Histogram } from "../model/histogram.ts";
import type { CheckResult } from "../model/result.ts";
import type { State } from "../model/status.ts";
import { History } from "./history.ts";

/** Every way from one state to another. */
export const TRANSITIONS: readonly { readonly from: State; readonly to: State }[] = [
  { from: "healthy", to: "unhealthy" },
  { from: "unhealthy", to: "healthy" },
  { from: "unknown", to: "healthy" },
  { from: "unknown", to: "unhealthy" },
];

/** See the head of the file. */
export class MonitorRecord {
  readonly history = new History();
  /** Durations of conclusive checks, in seconds. */
  readonly responseTimes: Histogram;
  #inconclusive = 0;
  #skipped = 0;
  #sinceMs: number;
  readonly #transitions = TRANSITIONS.map(() => 0);

  /**
   * @param bounds - of the response times' histogram, in seconds
   * @param addedMs - wall clock
   */
  constructor(bounds: readonly number[], addedMs: number) {
    this.responseTimes = new Histogram(bounds);
    this.#sinceMs = addedMs;
  }

  /** Checks that said nothing about the backend. */
  get inconclusive(): number {
    return this.#inconclusive;
  }

  /** Starts that did not happen. */
  get skipped(): number {
    return this.#skipped;
  }

  /** When the present state was entered; for `unknown`, when the healthcheck was added. Wall clock. */
  get sinceMs(): number {
    return this.#sinceMs;
  }

  /** A check ended. */
  finished(result: CheckResult, beganWallMs: number, latenessMs: number): void {
    this.history.put(result, beganWallMs, latenessMs);
    if (result.outcome === "inconclusive") this.#inconclusive++;
    else this.responseTimes.observe(result.durationMs / 1_000);
  }

  /** Starts were left out. */
  skip(count: number): void {
    this.#skipped += count;
  }

  /** The state changed. @param atMs - wall clock */
  changed(from: State, to: State, atMs: number): void {
    this.#sinceMs = atMs;
    const at = TRANSITIONS.findIndex((transition) => transition.from === from && transition.to === to);
    if (at >= 0) this.#transitions[at] = (this.#transitions[at] ?? 0) + 1;
  }

  /** How often each of {@link TRANSITIONS} has happened. */
  get transitions(): readonly number[] {
    return this.#transitions;
  }
}
