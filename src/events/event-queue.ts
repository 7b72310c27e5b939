/** Events that wait for a sink: bounded in number and size. When it is full, the oldest is dropped and counted. Pure. */

/** Maximum size of all waiting events, in bytes of UTF-16. */
const MAX_BYTES = 32 * 1_024 * 1_024;
/** Taken events are released in groups: moving the rest for each single one would cost more. */
const COMPACT_AT = 1_024;

/** Queue of formatted events. */
export class EventQueue {
  readonly #maxLength: number;
  #events: string[] = [];
  #head = 0;
  #bytes = 0;

  /** @param maxLength - at least 1 */
  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  /** Number of waiting events. */
  get length(): number {
    return this.#events.length - this.#head;
  }

  /** Adds an event. @returns number of events that were dropped for it */
  push(event: string): number {
    this.#events.push(event);
    this.#bytes += 2 * event.length;
    let dropped = 0;
    while (this.length > 1 && (this.length > this.#maxLength || this.#bytes > MAX_BYTES)) {
      this.#shift();
      dropped++;
    }
    return dropped;
  }

  /**
   * Removes the oldest events.
   *
   * @param maxCount - at least 1
   * @param maxChars - exceeded only by a single event
   */
  take(maxCount: number, maxChars: number): string[] {
    const taken: string[] = [];
    let chars = 0;
    for (let next = this.#events[this.#head]; next !== undefined; next = this.#events[this.#head]) {
      chars += next.length;
      if (taken.length > 0 && (taken.length >= maxCount || chars > maxChars)) break;
      taken.push(next);
      this.#shift();
    }
    return taken;
  }

  #shift(): void {
    this.#bytes -= 2 * (this.#events[this.#head]?.length ?? 0);
    this.#events[this.#head] = "";
    this.#head++;
    if (this.#head < COMPACT_AT && this.#head < this.#events.length) return;
    this.#events = this.#events.slice(this.#head);
    this.#head = 0;
  }
}
