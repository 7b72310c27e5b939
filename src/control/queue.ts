/** A first-in, first-out queue whose ends cost the same however long it is; an array would move all its elements. Used by connections. */

/** Taken elements are dropped from the array once they are this many and half of it. */
const COMPACT_AT = 1_024;

/** Elements in the order in which they were added. */
export class Queue<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  /** Elements that wait. */
  get length(): number {
    return this.#items.length - this.#head;
  }

  /** Adds an element at the end. */
  push(item: T): void {
    this.#items.push(item);
  }

  /** @returns the oldest element, which is taken out; undefined when there is none */
  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head >= COMPACT_AT && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Drops everything. */
  clear(): void {
    this.#items = [];
    this.#head = 0;
  }
}
