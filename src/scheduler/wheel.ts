/**
 * A hashed timer wheel, sans-I/O: thousands of entries, one slot per millisecond, insertion and removal in constant time. The
 * caller passes the time, in milliseconds on one clock of its choice.
 */

const SLOTS = 4_096;
const MASK = SLOTS - 1;

/** An entry with a due time. Keep and reuse it: it is its own list node, so scheduling allocates nothing. */
export class WheelEntry<T> {
  /** Due time; valid while {@link scheduled}. */
  atMs = 0;
  /** @internal */ slot = -1;
  /** @internal */ next: WheelEntry<T> | undefined;
  /** @internal */ previous: WheelEntry<T> | undefined;

  constructor(readonly value: T) {}

  /** True while the entry is in a wheel. */
  get scheduled(): boolean {
    return this.slot >= 0;
  }
}

/** Timer wheel whose entries fire in the order of their due times. */
export class Wheel<T> {
  readonly #heads: (WheelEntry<T> | undefined)[] = new Array<WheelEntry<T> | undefined>(SLOTS).fill(
    undefined,
  );
  /** Every entry due before this millisecond has fired. */
  #cursorMs: number;
  #size = 0;

  /** @param nowMs - start of the wheel; nothing fires for the time before */
  constructor(nowMs: number) {
    this.#cursorMs = Math.floor(nowMs);
  }

  /** Number of entries that have not fired. */
  get size(): number {
    return this.#size;
  }

  /** Schedules an entry, or moves it. An entry whose time has passed fires at the next {@link advance}. */
  schedule(entry: WheelEntry<T>, atMs: number): void {
    if (entry.slot >= 0) this.#unlink(entry);
    entry.atMs = atMs;
    const slot = Math.max(Math.floor(atMs), this.#cursorMs) & MASK;
    const head = this.#heads[slot];
    entry.slot = slot;
    entry.next = head;
    entry.previous = undefined;
    if (head !== undefined) head.previous = entry;
    this.#heads[slot] = entry;
    this.#size++;
  }

  /** Removes an entry, if it is in the wheel. */
  cancel(entry: WheelEntry<T>): void {
    if (entry.slot >= 0) this.#unlink(entry);
  }

  /**
   * Removes the entries due at `nowMs` or before.
   *
   * @param nowMs - the time; must not go backwards
   * @returns the entries in the order of their due times
   */
  advance(nowMs: number): WheelEntry<T>[] {
    const due: WheelEntry<T>[] = [];
    const endMs = Math.floor(nowMs);
    // After a long pause one turn visits every slot; more would only visit them again.
    const firstMs = Math.max(this.#cursorMs, endMs - MASK);
    for (let ms = firstMs; ms <= endMs && this.#size > 0; ms++) this.#collect(ms & MASK, nowMs, due);
    // The last slot stays open: it may hold entries of this very millisecond that are not due yet.
    this.#cursorMs = endMs;
    return due.sort((a, b) => a.atMs - b.atMs);
  }

  /**
   * Finds the next due time.
   *
   * @param limitMs - distance to search; at most one turn of the wheel, 4,096 ms
   * @returns the due time, or `undefined` if no entry is due within the distance
   */
  nextMs(limitMs: number): number | undefined {
    if (this.#size === 0) return undefined;
    const endMs = this.#cursorMs + Math.min(limitMs, MASK);
    for (let ms = this.#cursorMs; ms <= endMs; ms++) {
      let earliest: number | undefined;
      for (let entry = this.#heads[ms & MASK]; entry !== undefined; entry = entry.next) {
        if (entry.atMs < ms + 1 && (earliest === undefined || entry.atMs < earliest)) earliest = entry.atMs;
      }
      if (earliest !== undefined) return earliest;
    }
    return undefined;
  }

  #collect(slot: number, nowMs: number, due: WheelEntry<T>[]): void {
    for (let entry = this.#heads[slot]; entry !== undefined; ) {
      const following: WheelEntry<T> | undefined = entry.next;
      if (entry.atMs <= nowMs) {
        this.#unlink(entry);
        due.push(entry);
      }
      entry = following;
    }
  }

  #unlink(entry: WheelEntry<T>): void {
    if (entry.previous === undefined) this.#heads[entry.slot] = entry.next;
    else entry.previous.next = entry.next;
    if (entry.next !== undefined) entry.next.previous = entry.previous;
    entry.next = undefined;
    entry.previous = undefined;
    entry.slot = -1;
    this.#size--;
  }
}
