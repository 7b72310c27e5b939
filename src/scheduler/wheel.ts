/**
 * A hashed timer wheel: thousands of entries, one millisecond a slot, constant time to put in and take out. It owns
 * no clock; the caller says what time it is. Times are milliseconds on whatever clock the caller uses throughout.
 */

const SLOTS = 4_096;
const MASK = SLOTS - 1;

/** Something that falls due. Keep it and schedule it again: it is its own list node, so nothing is allocated. */
export class WheelEntry<T> {
  /** When it falls due; meaningful while {@link scheduled}. */
  atMs = 0;
  /** @internal */ slot = -1;
  /** @internal */ next: WheelEntry<T> | undefined;
  /** @internal */ previous: WheelEntry<T> | undefined;

  constructor(readonly value: T) {}

  /** Whether it lies in a wheel. */
  get scheduled(): boolean {
    return this.slot >= 0;
  }
}

/** See the head of the file. */
export class Wheel<T> {
  readonly #heads: (WheelEntry<T> | undefined)[] = new Array<WheelEntry<T> | undefined>(SLOTS).fill(
    undefined,
  );
  /** Every entry due before this millisecond has fired. */
  #cursorMs: number;
  #size = 0;

  /** @param nowMs - where the wheel starts; nothing fires for the time before */
  constructor(nowMs: number) {
    this.#cursorMs = Math.floor(nowMs);
  }

  /** Entries that have not fired. */
  get size(): number {
    return this.#size;
  }

  /** Puts an entry in, or moves it. A time that has passed fires at the next {@link advance}. */
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

  /** Takes an entry out; nothing happens when it is not in. */
  cancel(entry: WheelEntry<T>): void {
    if (entry.slot >= 0) this.#unlink(entry);
  }

  /**
   * Takes out everything due at `nowMs` or before.
   *
   * @param nowMs - the time; must not run backwards
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
   * @param limitMs - how far ahead to look; at most the wheel's turn of 4,096 ms counts
   * @returns when the next entry falls due, or `undefined` when none does before `cursor + limitMs`
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
