/**
 * The order in which checks of healthy backends began, and what became of each: answered, not yet, or failed at layer 4. A failure between two
 * answers, with few others beside it, is the backend's; one in a long row without any answer may be this host's. Pure, and on the hot path: numbers
 * in typed arrays.
 */

/** Remembered checks, a power of two: 6 s of 10,000 checks a second. */
const SIZE = 65_536;
const MASK = SIZE - 1;
/** Length of a row without an answer that does not come about when less than half of the backends are dead: 0.5^16 of the rows. */
const LONG_ROW = 16;
/** Checks that one look passes over. */
const MAX_STEPS = 4_096;
/** An unanswered check counts as failed after this time, or twice the usual time to an answer. */
const MIN_OVERDUE_MS = 50;
/** Share by which the usual time approaches that of a faster answer. */
const DECAY = 0.01;

const ANSWERED = 1;
const FAILED = 2;

/** The surroundings of a failed check: `short` and `long` rows lie between answers; an `open` row has no answer behind it yet. */
export type Row = "short" | "long" | "open";

/** Outcomes of the latest checks, in the order of their starts. */
export class Evidence {
  readonly #states = new Uint8Array(SIZE);
  readonly #startsMs = new Float64Array(SIZE);
  #next = 0;
  /** Usual time from a start to the first packet: follows slow answers at once and fast ones slowly. */
  #reachMs = 0;

  /** Number of checks so far, and the number of the next one. */
  get count(): number {
    return this.#next;
  }

  /** A check begins. @returns its number */
  begin(nowMs: number): number {
    const number = this.#next++;
    this.#states[number & MASK] = 0;
    this.#startsMs[number & MASK] = nowMs;
    return number;
  }

  /** Notes an answer. */
  answered(number: number, nowMs: number): void {
    if (this.#isForgotten(number) || this.#states[number & MASK] === ANSWERED) return;
    this.#states[number & MASK] = ANSWERED;
    const tookMs = nowMs - (this.#startsMs[number & MASK] ?? nowMs);
    this.#reachMs = Math.max(tookMs, this.#reachMs + (tookMs - this.#reachMs) * DECAY);
  }

  /** Notes a failure at layer 4. */
  failed(number: number): void {
    if (!this.#isForgotten(number)) this.#states[number & MASK] = FAILED;
  }

  /**
   * Describes the surroundings of a failed check. A forgotten one is `short`.
   *
   * @param endedMs - when it failed. A check that waited until its timeout may have lost its answer to this host's network long after its start: only
   *   the answer of a check that began when its own was overdue ends the row.
   * @param sinceMs - checks that began earlier are no part of the row
   */
  around(number: number, endedMs: number, sinceMs: number, nowMs: number): Row {
    if (this.#isForgotten(number)) return "short";
    let length = 1;
    const floor = Math.max(0, this.#next - SIZE, number - MAX_STEPS);
    for (let at = number - 1; at >= floor && this.#startOf(at) >= sinceMs; at--) {
      const state = this.#stateOf(at, nowMs);
      if (state === ANSWERED) break;
      if (state === FAILED && ++length >= LONG_ROW) return "long";
    }
    const overdueAtMs = this.#startOf(number) + this.#overdueMs;
    const provesFromMs = endedMs >= overdueAtMs ? overdueAtMs : Number.NEGATIVE_INFINITY;
    const end = Math.min(this.#next, number + MAX_STEPS);
    for (let at = number + 1; at < end; at++) {
      const state = this.#stateOf(at, nowMs);
      if (state === ANSWERED && this.#startOf(at) >= provesFromMs) return "short";
      if (state === FAILED && ++length >= LONG_ROW) return "long";
    }
    // After thousands of checks one more answer would prove nothing new.
    return end < this.#next ? "short" : "open";
  }

  #stateOf(number: number, nowMs: number): number {
    const state = this.#states[number & MASK] ?? 0;
    if (state !== 0) return state;
    return nowMs - this.#startOf(number) > this.#overdueMs ? FAILED : 0;
  }

  #startOf(number: number): number {
    return this.#startsMs[number & MASK] ?? 0;
  }

  get #overdueMs(): number {
    return Math.max(MIN_OVERDUE_MS, 2 * this.#reachMs);
  }

  #isForgotten(number: number): boolean {
    return number < this.#next - SIZE;
  }
}
