/**
 * Framing, pure: bytes in, as they come from a socket and split anywhere, whole lines out. A line is not looked into:
 * "not complete yet" is nothing special, "too long" ends the stream.
 */

const NEWLINE = 0x0a;

/** See the head of the file. */
export class LineSplitter {
  readonly #maxBytes: number;
  #parts: Uint8Array[] = [];
  #partBytes = 0;
  #overflowed = false;

  /** @param maxBytes - a longer line is an error; without its newline */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether a line was too long; nothing comes after that. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  /**
   * Takes bytes in.
   *
   * @param bytes - may be reused by the caller afterwards
   * @returns the lines that they complete, without their newlines
   */
  push(bytes: Uint8Array): Uint8Array[] {
    const lines: Uint8Array[] = [];
    let start = 0;
    while (!this.#overflowed) {
      const end = bytes.indexOf(NEWLINE, start);
      const part = bytes.subarray(start, end < 0 ? bytes.length : end);
      if (this.#partBytes + part.length > this.#maxBytes) {
        this.#overflowed = true;
        this.#parts = [];
        this.#partBytes = 0;
        break;
      }
      if (part.length > 0) this.#parts.push(new Uint8Array(part));
      this.#partBytes += part.length;
      if (end < 0) break;
      lines.push(this.#takeLine());
      start = end + 1;
    }
    return lines;
  }

  #takeLine(): Uint8Array {
    const [only] = this.#parts;
    const line =
      this.#parts.length === 1 && only !== undefined ? only : Buffer.concat(this.#parts, this.#partBytes);
    this.#parts = [];
    this.#partBytes = 0;
    return line;
  }
}
