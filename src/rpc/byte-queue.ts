/** Bytes between a socket and a decoder: blocks of any size in, single bytes and copies out. Nothing is moved when blocks arrive. */

/** Size of a block that collects smaller ones, in bytes. */
const MIN_BLOCK_BYTES = 4_096;
/** Number of blocks that have been read before their places are released. */
const BLOCKS_PER_RELEASE = 64;

/** A first-in, first-out queue of bytes. */
export class ByteQueue {
  /** From {@link #head} on unread; only the last one may have free space at its end. */
  #blocks: Uint8Array[] = [];
  /** Filled bytes of each block. */
  #filled: number[] = [];
  #head = 0;
  #at = 0;
  #length = 0;

  /** Number of unread bytes. */
  get length(): number {
    return this.#length;
  }

  /** Appends a copy of the bytes. */
  push(bytes: Uint8Array): void {
    this.#length += bytes.length;
    const last = this.#blocks.length - 1;
    const block = this.#blocks[last];
    const filled = this.#filled[last] ?? 0;
    const fitting = block === undefined ? 0 : Math.min(bytes.length, block.length - filled);
    if (fitting > 0) {
      block?.set(bytes.subarray(0, fitting), filled);
      this.#filled[last] = filled + fitting;
    }
    const rest = bytes.length - fitting;
    if (rest === 0) return;
    const added = new Uint8Array(Math.max(rest, MIN_BLOCK_BYTES));
    added.set(bytes.subarray(fitting));
    this.#blocks.push(added);
    this.#filled.push(rest);
  }

  /** Returns a byte without removing it. @param index - from 0, below 9; undefined is returned when it has not arrived */
  peek(index: number): number | undefined {
    let block = this.#head;
    let at = this.#at + index;
    for (; block < this.#blocks.length; block++) {
      const filled = this.#filled[block] ?? 0;
      if (at < filled) return this.#blocks[block]?.[at];
      at -= filled;
    }
    return undefined;
  }

  /** Removes the first byte. @returns 0 for an empty queue: the caller knows the length */
  shift(): number {
    while (this.#at === this.#filled[this.#head]) this.#nextBlock();
    this.#length--;
    return this.#blocks[this.#head]?.[this.#at++] ?? 0;
  }

  /** Removes bytes. @param count - at most {@link length} @returns a copy of them */
  take(count: number): Uint8Array {
    const block = this.#blocks[this.#head];
    const end = this.#at + count;
    if (block !== undefined && end <= (this.#filled[this.#head] ?? 0)) {
      this.#length -= count;
      const bytes = block.slice(this.#at, end);
      this.#at = end;
      return bytes;
    }
    const bytes = new Uint8Array(count);
    let copied = 0;
    this.#consume(count, (part) => {
      bytes.set(part, copied);
      copied += part.length;
    });
    return bytes;
  }

  /** Removes bytes without copying them. @param count - at most {@link length} */
  skip(count: number): void {
    this.#consume(count, () => {});
  }

  #consume(count: number, use: (part: Uint8Array) => void): void {
    let missing = count;
    this.#length -= count;
    while (missing > 0) {
      const block = this.#blocks[this.#head];
      const end = Math.min(this.#filled[this.#head] ?? 0, this.#at + missing);
      if (block === undefined) return;
      use(block.subarray(this.#at, end));
      missing -= end - this.#at;
      this.#at = end;
      if (missing > 0) this.#nextBlock();
    }
  }

  #nextBlock(): void {
    this.#head++;
    this.#at = 0;
    if (this.#head < BLOCKS_PER_RELEASE) return;
    this.#blocks = this.#blocks.slice(this.#head);
    this.#filled = this.#filled.slice(this.#head);
    this.#head = 0;
  }
}
