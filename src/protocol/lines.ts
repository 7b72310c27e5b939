/**
 * Framing, sans-I/O: bytes from a socket in, split anywhere, complete lines out. Lines are not parsed here:
 * an incomplete line is not an error, one that is too long ends the stream.
 */

const NEWLINE = 0x0a;
/** Sizes of blocks, which grow with the line from the first size to the second, in bytes. */
const MIN_BLOCK_BYTES = 256;
const MAX_BLOCK_BYTES = 65_536;

/**
 * A line in the blocks in which it was received: one of 64 MiB is not copied into one piece, which would delay checks for 100 ms and
 * take its memory twice.
 */
export interface Line {
  /** Length without the newline. */
  readonly byteLength: number;
  /** The bytes in order; none of them is empty. */
  readonly blocks: readonly Uint8Array[];
}

/** Length of a line whose memory is released as soon as the line has been handled, in bytes. */
const LARGE_LINE_BYTES = 1_024 * 1_024;

/**
 * Releases the memory of the first blocks of a large line. The garbage collector would do so later, and a client that sends one
 * line after the other would make the process several times as large as a line. The blocks must not be used afterwards.
 *
 * @param count - number of blocks; may include released ones
 */
export function release({ byteLength, blocks }: Line, count = blocks.length): void {
  if (byteLength < LARGE_LINE_BYTES) return;
  for (let index = count - 1; index >= 0; index--) {
    const buffer = blocks[index]?.buffer;
    // Each block has a separate buffer; detached, it is freed.
    if (!(buffer instanceof ArrayBuffer) || buffer.detached) return;
    buffer.transfer(0);
  }
}

/** Splits a stream of bytes at its newlines. */
export class LineSplitter {
  readonly #maxBytes: number;
  /** The incomplete line, in order; every block but the last is full. */
  #blocks: Uint8Array[] = [];
  /** Free bytes at the end of the last block. */
  #freeBytes = 0;
  #lineBytes = 0;
  #overflowed = false;

  /** @param maxBytes - a longer line is an error; without its newline */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** True after a line that was too long; then no further lines are returned. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  /** Memory of the incomplete line, in bytes: at most twice its length and one block, however it was split. */
  get heldBytes(): number {
    return this.#lineBytes + this.#freeBytes;
  }

  /**
   * Takes bytes in.
   *
   * @param bytes - may be reused by the caller afterwards
   * @returns the lines that they complete, without their newlines
   */
  push(bytes: Uint8Array): Line[] {
    const lines: Line[] = [];
    let start = 0;
    while (!this.#overflowed) {
      const end = bytes.indexOf(NEWLINE, start);
      const part = bytes.subarray(start, end < 0 ? bytes.length : end);
      if (this.#lineBytes + part.length > this.#maxBytes) {
        this.#overflowed = true;
        this.#clear();
        break;
      }
      if (end < 0) {
        this.#keep(part);
        break;
      }
      lines.push(this.#takeLine(part));
      start = end + 1;
    }
    return lines;
  }

  /** Appends to the incomplete line: into the free end of its last block, and the rest into a new one. */
  #keep(part: Uint8Array): void {
    const last = this.#blocks.at(-1);
    const fitting = part.subarray(0, this.#freeBytes);
    if (last !== undefined) last.set(fitting, last.length - this.#freeBytes);
    this.#freeBytes -= fitting.length;
    this.#lineBytes += part.length;
    const rest = part.subarray(fitting.length);
    if (rest.length === 0) return;
    const grownBytes = Math.min(MAX_BLOCK_BYTES, Math.max(MIN_BLOCK_BYTES, this.#lineBytes));
    const block = new Uint8Array(Math.max(rest.length, grownBytes));
    block.set(rest);
    this.#blocks.push(block);
    this.#freeBytes = block.length - rest.length;
  }

  /** @param end - of the line; its beginning is in the blocks */
  #takeLine(end: Uint8Array): Line {
    const blocks = this.#blocks;
    const last = blocks.at(-1);
    if (last !== undefined) blocks[blocks.length - 1] = last.subarray(0, last.length - this.#freeBytes);
    if (end.length > 0) blocks.push(new Uint8Array(end));
    const line = { byteLength: this.#lineBytes + end.length, blocks };
    this.#clear();
    return line;
  }

  #clear(): void {
    this.#blocks = [];
    this.#freeBytes = 0;
    this.#lineBytes = 0;
  }
}
