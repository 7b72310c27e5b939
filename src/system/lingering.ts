/**
 * Connections whose check is over, being read to their end, so that the backend is not cut off in the middle of its answer. They hold
 * descriptors only as long as nothing else wants them: bounded in time and number, and the oldest is closed first.
 */

/** How long a connection may take to come to its end; milliseconds. */
export const MAX_LINGER_MS = 5_000;
/** Bytes of one connection that are read and dropped; a backend that sends more is cut off. */
export const MAX_LINGER_BYTES = 1_048_576;

/** One connection that is read to its end. */
export interface Lingerer {
  /** Closes it now. */
  cutOff(): void;
}

/** The connections that are read to their end, oldest first. It owns no clock. */
export class Lingering {
  readonly #max: number;
  readonly #untilMs = new Map<Lingerer, number>();

  /** @param max - at most this many at once */
  constructor(max: number) {
    this.#max = max;
  }

  /** How many there are. */
  get size(): number {
    return this.#untilMs.size;
  }

  /**
   * Adds a connection, and closes the oldest when there are too many.
   *
   * @param nowMs - on the clock of {@link expire}
   */
  add(lingerer: Lingerer, nowMs: number): void {
    this.#untilMs.set(lingerer, nowMs + MAX_LINGER_MS);
    if (this.#untilMs.size > this.#max) this.evict();
  }

  /** Removes a connection that has come to its end; harmless when it was removed before. */
  remove(lingerer: Lingerer): void {
    this.#untilMs.delete(lingerer);
  }

  /** Closes those whose time is up. */
  expire(nowMs: number): void {
    for (const [lingerer, untilMs] of this.#untilMs) {
      if (untilMs > nowMs) return;
      this.#cutOff(lingerer);
    }
  }

  /** Closes the oldest. @returns whether there was one */
  evict(): boolean {
    for (const lingerer of this.#untilMs.keys()) {
      this.#cutOff(lingerer);
      return true;
    }
    return false;
  }

  #cutOff(lingerer: Lingerer): void {
    this.#untilMs.delete(lingerer);
    lingerer.cutOff();
  }
}
