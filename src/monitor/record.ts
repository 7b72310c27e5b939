/**
 * History and counters of one healthcheck, for metrics and the status page; kept only if they are served. Writing is part of the
 * hot path: numbers and shared strings, no allocation.
 */
import { Histogram } from "../model/histogram.ts";
import type { CheckResult } from "../model/result.ts";
import type { State } from "../model/status.ts";
import { History } from "./history.ts";

/** All possible state changes. */
export const TRANSITIONS: readonly { readonly from: State; readonly to: State }[] = [
  { from: "healthy", to: "unhealthy" },
  { from: "unhealthy", to: "healthy" },
  { from: "unknown", to: "healthy" },
  { from: "unknown", to: "unhealthy" },
];

/** History and counters of one healthcheck. */
export class MonitorRecord {
  readonly history = new History();
  /** Durations of conclusive checks, in seconds. */
  readonly responseTimes: Histogram;
  #inconclusive = 0;
  #skipped = 0;
  readonly #transitions = TRANSITIONS.map(() => 0);

  /** @param bounds - of the response times' histogram, in seconds */
  constructor(bounds: readonly number[]) {
    this.responseTimes = new Histogram(bounds);
  }

  /** Number of inconclusive checks. */
  get inconclusive(): number {
    return this.#inconclusive;
  }

  /** Number of starts that were left out. */
  get skipped(): number {
    return this.#skipped;
  }

  /** Records the result of a check. */
  finished(result: CheckResult, startedAtWallMs: number, latenessMs: number): void {
    this.history.put(result, startedAtWallMs, latenessMs);
    if (result.outcome === "inconclusive") this.#inconclusive++;
    else this.responseTimes.observe(result.durationMs / 1_000);
  }

  /** Counts starts that were left out. */
  skip(count: number): void {
    this.#skipped += count;
  }

  /** Counts a state change. */
  changed(from: State, to: State): void {
    const at = TRANSITIONS.findIndex((transition) => transition.from === from && transition.to === to);
    if (at >= 0) this.#transitions[at] = (this.#transitions[at] ?? 0) + 1;
  }

  /** Number of state changes, in the order of {@link TRANSITIONS}. */
  get transitions(): readonly number[] {
    return this.#transitions;
  }
}
