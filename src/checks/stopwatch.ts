/** Times the phases of one check, one after the other. */
import type { Phases } from "../model/result.ts";
import type { Clock } from "../system/clock.ts";

type Phase = keyof Phases;

/** Duration of a check, in total and by phase. */
export interface Times {
  /** The sum of the phases. */
  readonly durationMs: number;
  readonly phases: Phases;
}

/** Measures the phases of one check; the durations of the phases add up to at most the total. */
export class Stopwatch {
  readonly #clock: Clock;
  readonly #phases: Partial<Record<Phase, number>> = {};
  #phase: Phase;
  #sinceMs: number;
  #totalMs = 0;

  /** Starts with its first phase. */
  constructor(clock: Clock, first: Phase) {
    this.#clock = clock;
    this.#phase = first;
    this.#sinceMs = clock.nowMs();
  }

  /**
   * Ends the phase and begins the next.
   *
   * @param phase - the next one
   * @param spentMs - duration of the ended phase, where it is known more precisely than by the clock
   */
  next(phase: Phase, spentMs?: number): void {
    this.#end(spentMs);
    this.#phase = phase;
  }

  /** What the ended phases took together; milliseconds. */
  get totalMs(): number {
    return this.#totalMs;
  }

  /** When the current phase began, on the clock. */
  get sinceMs(): number {
    return this.#sinceMs;
  }

  /** Ends the last phase. */
  stop(spentMs?: number): Times {
    this.#end(spentMs);
    return { durationMs: this.#totalMs, phases: this.#phases };
  }

  #end(spentMs: number | undefined): void {
    const nowMs = this.#clock.nowMs();
    const elapsedMs = nowMs - this.#sinceMs;
    const tookMs = Math.max(0, spentMs ?? elapsedMs);
    this.#phases[this.#phase] = (this.#phases[this.#phase] ?? 0) + tookMs;
    this.#totalMs += tookMs;
    this.#sinceMs = nowMs;
  }
}
