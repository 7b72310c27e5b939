/** Random numbers of the system's generator, drawn in stock: one call for each would cost more than sending a packet's worth of bytes. */

const STOCK = 1_024;

/** A stock of unpredictable 32-bit numbers. */
export class RandomWords {
  readonly #words = new Uint32Array(STOCK);
  #next = STOCK;

  /** Returns a number from 0 to 4294967295. */
  next(): number {
    if (this.#next === STOCK) {
      crypto.getRandomValues(this.#words);
      this.#next = 0;
    }
    return this.#words[this.#next++] ?? 0;
  }
}
