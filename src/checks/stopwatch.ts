/** Times the phases of one check, one after the other. */
import type { Phases } from "../model/result.ts";
import type { Clock } from "../system/clock.ts";

type Phase = keyof Phases;
type WritablePhases = { -readonly [Key in Phase]?: number };

/** Duration of a check, in total and by phase. */
export interface Times {
  /** The sum of the phases. */
  readonly durationMs: number;
  readonly phases: Phases;
}

/** Measures the phases of one check; the durations of the phases add up to at most the total. */
export class Stopwatch {
  readonly #clock: Clock;
  readonly #phases: WritablePhases = {};
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

  /** Sum of the ended phases; milliseconds. */
  get totalMs(): number {
    return this.#totalMs;
  }

  /** Duration of the current phase so far, by the clock; milliseconds. */
  get elapsedMs(): number {
    return this.#clock.nowMs() - this.#sinceMs;
  }

  /** Ends the last phase. */
  stop(spentMs?: number): Times {
    this.#end(spentMs);
    return { durationMs: this.#totalMs, phases: this.#phases };
  }

  #end(spentMs: number | undefined): void {
    const nowMs = this.#clock.nowMs();
    const tookMs = Math.max(0, spentMs ?? nowMs - this.#sinceMs);
    add(this.#phases, this.#phase, tookMs);
    this.#totalMs += tookMs;
    this.#sinceMs = nowMs;
  }
}

/** With the names written out: a property whose name is computed costs a multiple, and this is the hot path. */
function add(phases: WritablePhases, phase: Phase, ms: number): void {
  switch (phase) {
    case "resolveMs":
      phases.resolveMs = (phases.resolveMs ?? 0) + ms;
      break;
    case "connectMs":
      phases.connectMs = (phases.connectMs ?? 0) + ms;
      break;
    case "tlsMs":
      phases.tlsMs = (phases.tlsMs ?? 0) + ms;
      break;
    case "firstByteMs":
      phases.firstByteMs = (phases.firstByteMs ?? 0) + ms;
      break;
    case "transferMs":
      phases.transferMs = (phases.transferMs ?? 0) + ms;
  }
}
