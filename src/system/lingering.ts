/**
 * Connections whose check is over, read to their end so that the backend is not cut off in the middle of its answer.
 * They hold descriptors only while no check needs them: bounded in time and number, and the oldest is closed first.
 */

/** Time that a connection may take to end; milliseconds. */
export const MAX_LINGER_MS = 5_000;
/** Bytes of one connection that are read and dropped; a backend that sends more is cut off. */
export const MAX_LINGER_BYTES = 1_048_576;

/** A connection that is read to its end. It is its own list node, so that adding and removing one costs the same however many there are. */
export abstract class Lingerer {
  /** @internal */ previous: Lingerer | undefined;
  /** @internal */ next: Lingerer | undefined;
  /** @internal End of its time; undefined while it is in no list. */ untilMs: number | undefined;

  /** Closes it now. */
  abstract cutOff(): void;
}

/** The connections that are read to their end, oldest first. It owns no clock. */
export class Lingering {
  readonly #max: number;
  #oldest: Lingerer | undefined;
  #newest: Lingerer | undefined;
  #size = 0;

  /** Creates an empty set. @param max - connections that it may hold at the same time */
  constructor(max: number) {
    this.#max = max;
  }

  /** Number of connections. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds a connection, and closes the oldest when there are too many.
   *
   * @param nowMs - on the clock of {@link expire}
   */
  add(lingerer: Lingerer, nowMs: number): void {
    this.remove(lingerer);
    lingerer.untilMs = nowMs + MAX_LINGER_MS;
    lingerer.previous = this.#newest;
    if (this.#newest === undefined) this.#oldest = lingerer;
    else this.#newest.next = lingerer;
    this.#newest = lingerer;
    if (++this.#size > this.#max) this.evict();
  }

  /** Removes a connection that has come to its end; harmless when it was removed before. */
  remove(lingerer: Lingerer): void {
    if (lingerer.untilMs === undefined) return;
    const { previous, next } = lingerer;
    if (previous === undefined) this.#oldest = next;
    else previous.next = next;
    if (next === undefined) this.#newest = previous;
    else next.previous = previous;
    lingerer.previous = undefined;
    lingerer.next = undefined;
    lingerer.untilMs = undefined;
    this.#size--;
  }

  /** Closes those whose time is up. */
  expire(nowMs: number): void {
    while ((this.#oldest?.untilMs ?? Number.POSITIVE_INFINITY) <= nowMs) this.evict();
  }

  /** Closes the oldest. @returns true when there was one */
  evict(): boolean {
    const oldest = this.#oldest;
    if (oldest === undefined) return false;
    this.remove(oldest);
    oldest.cutOff();
    return true;
  }
}
