/**
 * The bytes of a gob stream, sans-I/O: bytes from a socket in, split anywhere; messages and their primitive values out. A gob stream is
 * a sequence of messages, each preceded by its length. Every read is bounded by the end of the message.
 */
import { formatCount } from "../model/printable.ts";
import { ByteQueue } from "./byte-queue.ts";
import { GobError, ReadProblem } from "./gob-error.ts";
import { GobLongBytes } from "./gob-values.ts";

/** Maximum length of a message, in bytes: Go takes 8 GiB; a set of 10,000 healthchecks has 1.2 MB. */
export const MAX_MESSAGE_BYTES = 64 * 1_024 * 1_024;
/** Maximum number of bytes that wait to be decoded: a message, and what the same read brought of the next one. */
const MAX_UNREAD_BYTES = MAX_MESSAGE_BYTES + 1_024 * 1_024;
/** Maximum length of a string that is kept, in bytes; a longer one is known by its length alone. */
export const MAX_KEPT_BYTES = 1_024 * 1_024;

/** A position in a gob stream. */
export class GobInput {
  readonly #queue = new ByteQueue();
  #pushed = 0;
  #number = 0;
  /** Length of the message whose bytes have not all arrived. */
  #awaited: number | undefined;
  /** Bytes that the queue holds at the end of the open message. */
  #end = 0;

  /** Number of the message at the position, from 1; 0 before the first. */
  get number(): number {
    return this.#number;
  }

  /** Offset of the position in the stream. */
  get offset(): number {
    return this.#pushed - this.#queue.length;
  }

  /** Number of bytes from the position to the end of the open message. */
  get remaining(): number {
    return this.#queue.length - this.#end;
  }

  /** True if no byte behind the open message has arrived. */
  get isAtBoundary(): boolean {
    return this.#end === 0 && this.#awaited === undefined;
  }

  /**
   * Takes bytes in.
   *
   * @param bytes - may be reused by the caller afterwards
   * @throws GobError when too many of them wait to be decoded
   */
  push(bytes: Uint8Array): void {
    this.#queue.push(bytes);
    this.#pushed += bytes.length;
    this.#end += bytes.length;
    if (this.#queue.length > MAX_UNREAD_BYTES)
      throw this.error(`more than ${formatCount(MAX_UNREAD_BYTES)} bytes without a complete value`, "");
  }

  /**
   * Opens the next message once all of its bytes have arrived; the open one must have been read to its end.
   *
   * @returns false when bytes are missing
   * @throws ReadProblem for a length that is not valid or above {@link MAX_MESSAGE_BYTES}
   */
  openMessage(): boolean {
    this.#awaited ??= this.#messageLength();
    if (this.#awaited === undefined || this.#queue.length < this.#awaited) return false;
    this.#end = this.#queue.length - this.#awaited;
    this.#awaited = undefined;
    return true;
  }

  /** Describes the bytes behind the last complete message, for the error of a stream that ends there. */
  describeRest(): string {
    const received = formatCount(this.#queue.length);
    return this.#awaited === undefined
      ? `${received} bytes of the length of message ${this.#number + 1}`
      : `${received} of ${formatCount(this.#awaited)} bytes of message ${this.#number}`;
  }

  /** Makes an error at the position. @param place - the part of the value, empty outside of values */
  error(problem: string, place: string): GobError {
    return new GobError(problem, place, this.#number, this.offset);
  }

  /** Reads an unsigned integer of 64 bits. @throws ReadProblem */
  uint(): bigint {
    const first = this.#byte();
    if (first < 0x80) return BigInt(first);
    const size = this.#size(first);
    if (size <= 6) return BigInt(this.#digits(size));
    const high = this.#digits(size - 4);
    return (BigInt(high) << 32n) | BigInt(this.#digits(4));
  }

  /** Reads a signed integer of 64 bits. @throws ReadProblem */
  int(): bigint {
    const bits = this.uint();
    return (bits & 1n) === 0n ? bits >> 1n : ~(bits >> 1n);
  }

  /** Reads an unsigned integer that counts something in memory. @throws ReadProblem for 2^53 and more, too */
  count(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    const size = this.#size(first);
    if (size <= 6) return this.#digits(size);
    const count = this.#digits(size - 4) * 2 ** 32 + this.#digits(4);
    if (!Number.isSafeInteger(count)) throw new ReadProblem("a count is out of range");
    return count;
  }

  /** Reads the id of a type; it is negative before a definition. @throws ReadProblem */
  typeId(): number {
    const bits = this.count();
    if (bits >= 2 ** 32) throw new ReadProblem("the id of a type is out of range");
    return bits % 2 === 0 ? bits / 2 : -(bits + 1) / 2;
  }

  /** Reads a boolean. @throws ReadProblem */
  bool(): boolean {
    const value = this.count();
    if (value > 1) throw new ReadProblem("a boolean is neither 0 nor 1");
    return value === 1;
  }

  /** Reads a floating-point number: its 64 bits are sent in reversed order of bytes. @throws ReadProblem */
  float(): number {
    const bits = new DataView(new ArrayBuffer(8));
    bits.setBigUint64(0, this.uint(), true);
    return bits.getFloat64(0);
  }

  /** Reads a length and the bytes behind it. @returns their length alone above {@link MAX_KEPT_BYTES} @throws ReadProblem */
  bytes(): Uint8Array | GobLongBytes {
    const length = this.count();
    if (length > this.remaining)
      throw new ReadProblem(
        `${formatCount(length)} bytes are announced, the message has ${formatCount(this.remaining)} more`,
      );
    if (length <= MAX_KEPT_BYTES) return this.#queue.take(length);
    this.#queue.skip(length);
    return new GobLongBytes(length);
  }

  /** Returns undefined while the length has not arrived. */
  #messageLength(): number | undefined {
    const first = this.#queue.peek(0);
    if (first === undefined) return undefined;
    const size = first < 0x80 ? 0 : 0x100 - first;
    if (size <= 8 && this.#queue.peek(size) === undefined) return undefined;
    this.#number++;
    // Within its length a message has no end yet.
    this.#end = 0;
    const length = this.count();
    this.#end = this.#queue.length;
    if (length > MAX_MESSAGE_BYTES)
      throw new ReadProblem(
        `a message of ${formatCount(length)} bytes is announced; must have at most ${formatCount(MAX_MESSAGE_BYTES)}`,
      );
    if (length === 0) throw new ReadProblem("a message is empty");
    return length;
  }

  #byte(): number {
    if (this.remaining === 0) throw new ReadProblem("the message ends within a value");
    return this.#queue.shift();
  }

  #size(first: number): number {
    const size = 0x100 - first;
    if (size > 8) throw new ReadProblem("the length of an integer is not valid");
    if (size > this.remaining) throw new ReadProblem("the message ends within a value");
    return size;
  }

  /** Reads an integer. @param size - its bytes, 1 to 6, which are known to be there */
  #digits(size: number): number {
    let value = 0;
    for (let index = 0; index < size; index++) value = value * 0x100 + this.#queue.shift();
    return value;
  }
}
