/**
 * Connections whose check is over, read to their end so that the backend is not cut off in the middle of its answer.
 * They hold descriptors only while no check needs them: bounded in time and number, and the oldest is closed first.
 */

/** Time that a connection may take to end; milliseconds. */
export const MAX_LINGER_MS = 5_000;
/** Bytes of one connection that are read and dropped; a backend that sends more is cut off. */
export const MAX_LINGER_BYTES = 1_048_576;

/** A connection that is read to its end. */
export interface Lingerer {
  /** Closes it now. */
  cutOff(): void;
}

/** The connections that are read to their end, oldest first. It owns no clock. */
export class Lingering {
  readonly #max: number;
  readonly #untilMs = new Map<Lingerer, number>();

  /** Creates an empty set. @param max - connections that it may hold at the same time */
  constructor(max: number) {
    this.#max = max;
  }

  /** Number of connections. */
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

  /** Closes the oldest. @returns true when there was one */
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
