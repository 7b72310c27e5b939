/**
 * Bytes to be sent, written piece by piece. A scrape of ten thousand healthchecks is 17 MB of short lines: as strings they would
 * be several times that in garbage.
 */

/** Size at which a buffer is passed on; it has room for more. */
const FULL_BYTES = 250 * 1_024;
const SIZE_BYTES = 256 * 1_024;
/** Code of the digit 0. */
const ZERO = 48;
const NEWLINE = 10;

/** Growing buffer of the bytes of a response, written piece by piece without intermediate strings. */
export class ByteBuffer {
  #bytes = Buffer.allocUnsafeSlow(SIZE_BYTES);
  #length = 0;

  /** True when the buffer should be passed on. */
  get full(): boolean {
    return this.#length >= FULL_BYTES;
  }

  /** Writes a text. */
  text(text: string): void {
    // No character of a string is more than three bytes of UTF-8.
    this.#makeRoom(text.length * 3);
    this.#length += this.#bytes.write(text, this.#length);
  }

  /** Writes bytes that were encoded once, which costs half of {@link text}. */
  bytes(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Ends a line. */
  newline(): void {
    this.#makeRoom(1);
    this.#bytes[this.#length++] = NEWLINE;
  }

  /** Writes a number as Prometheus does. */
  number(value: number): void {
    if (Number.isInteger(value) && value >= 0 && value < 1e15) this.#digits(value);
    else if (Number.isFinite(value)) this.text(String(value));
    else this.text(Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
  }

  /** Returns the written bytes, and starts again with an empty buffer. */
  take(): Uint8Array {
    const written = this.#bytes.subarray(0, this.#length);
    this.#bytes = Buffer.allocUnsafeSlow(SIZE_BYTES);
    this.#length = 0;
    return written;
  }

  /** Most numbers are small counts; a string for each would be garbage. */
  #digits(value: number): void {
    if (value < 10) {
      this.#makeRoom(1);
      this.#bytes[this.#length++] = ZERO + value;
      return;
    }
    let digits = 2;
    for (let limit = 100; value >= limit; limit *= 10) digits++;
    this.#makeRoom(digits);
    let rest = value;
    for (let at = this.#length + digits - 1; at >= this.#length; at--) {
      this.#bytes[at] = ZERO + (rest % 10);
      rest = Math.floor(rest / 10);
    }
    this.#length += digits;
  }

  #makeRoom(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#length + bytes));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}
