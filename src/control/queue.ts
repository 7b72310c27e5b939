/** A first-in, first-out queue with constant-time operations; an array would move all its elements. Used by connections. */

/** Number of removed elements from which the array is compacted, once they are half of it. */
const COMPACT_AT = 1_024;

/** Elements in the order in which they were added. */
export class Queue<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  /** Number of elements. */
  get length(): number {
    return this.#items.length - this.#head;
  }

  /** Adds an element at the end. */
  push(item: T): void {
    this.#items.push(item);
  }

  /** Removes the oldest element. @returns the element; undefined if the queue is empty */
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

  /** Removes all elements. */
  clear(): void {
    this.#items = [];
    this.#head = 0;
  }
}
