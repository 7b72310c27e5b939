/**
 * The body of an HTTP/1 answer, sans-I/O: takes the data out of its framing. Everything between the data (chunk sizes, extensions, empty
 * lines) is counted, so a backend cannot keep a check busy with bytes that are not data.
 */

import { latin1 } from "../latin1.ts";
import type { AnswerError, Framing } from "./head.ts";

/** Bytes of chunk framing that a body may have beside {@link FRAMING_BYTES_PER_DATA_BYTE}. */
export const MAX_FRAMING_BYTES = 16 * 1_024;
/** A chunk of one byte needs five more. */
const FRAMING_BYTES_PER_DATA_BYTE = 8;
/** Pieces up to this length are gathered: for a piece of one byte, passing it on would cost more than all else. */
const SMALL_BYTES = 64;
const MAX_GATHERED_BYTES = 4_096;
/** Buffer for body bytes during one {@link BodyReader.read}; shared by all readers. */
const GATHERED = new Uint8Array(MAX_GATHERED_BYTES);

const LF = 10;
const CR = 13;
const BLANK = 32;
const TAB = 9;
const SEMICOLON = 59;
/** Bytes of a bad line that a sentence may show. */
const SHOWN_BYTES = 64;

/** Position of the next byte in a chunked body. */
type Place = "size" | "size end" | "extension" | "data" | "data end";

/** Reads one body. */
export class BodyReader {
  /** True when the body is complete; the bytes after it are not read. */
  ended = false;
  /** Set when its framing is broken. */
  error: AnswerError | string | undefined;
  readonly #framing: Framing;
  readonly #onData: (data: Uint8Array) => boolean;
  #place: Place = "size";
  /** Data bytes that the chunk, or a body with a length, still has. */
  #left = 0;
  /** Digits read of the chunk size, including leading zeros. */
  #digits = 0;
  #dataBytes = 0;
  #framingBytes = 0;
  #gatheredBytes = 0;

  /** @param onData - takes a piece, valid during the call only; returns whether more is wanted */
  constructor(framing: Framing, onData: (data: Uint8Array) => boolean) {
    this.#framing = framing;
    this.#onData = onData;
    if (typeof framing === "number") {
      this.#left = framing;
      this.ended = framing === 0;
    }
  }

  /** Reads until the body ends, no more of it is wanted, or the bytes are used up. */
  read(bytes: Uint8Array, from: number): void {
    let at = from;
    let wanted = true;
    while (at < bytes.length && wanted && !this.ended && this.error === undefined) {
      if (this.#framing === "close") {
        this.#onData(bytes.subarray(at));
        return;
      }
      if (this.#framing === "chunked" && this.#place !== "data") at = this.#readFraming(bytes, at);
      else {
        const end = Math.min(bytes.length, at + this.#left);
        wanted = this.#take(bytes, at, end);
        this.#count(end - at);
        at = end;
      }
    }
    this.#passOn();
  }

  /** The peer has closed: a body without a length ends there. */
  close(): void {
    if (this.#framing === "close") this.ended = true;
  }

  /** Reads data bytes. @returns true when more is wanted */
  #take(bytes: Uint8Array, from: number, to: number): boolean {
    if (to - from > SMALL_BYTES) return this.#passOn() && this.#onData(bytes.subarray(from, to));
    for (let at = from; at < to; at++) GATHERED[this.#gatheredBytes++] = bytes[at] ?? 0;
    return this.#gatheredBytes <= MAX_GATHERED_BYTES - SMALL_BYTES || this.#passOn();
  }

  /** Passes on the gathered bytes. @returns true when more is wanted */
  #passOn(): boolean {
    const length = this.#gatheredBytes;
    this.#gatheredBytes = 0;
    return length === 0 || this.#onData(GATHERED.subarray(0, length));
  }

  #count(bytes: number): void {
    this.#dataBytes += bytes;
    this.#left -= bytes;
    if (this.#left > 0) return;
    if (this.#framing === "chunked") this.#place = "data end";
    else this.ended = true;
  }

  /** Reads framing up to the next data, at most one byte more than it may have. */
  #readFraming(bytes: Uint8Array, from: number): number {
    const most = MAX_FRAMING_BYTES + FRAMING_BYTES_PER_DATA_BYTE * this.#dataBytes - this.#framingBytes;
    const end = Math.min(bytes.length, from + most + 1);
    let at = from;
    while (at < end && this.#place !== "data" && this.error === undefined)
      at = this.#readPart(bytes, at, end);
    this.#framingBytes += at - from;
    if (at - from > most)
      this.error ??= `more than ${MAX_FRAMING_BYTES} bytes of chunk framing beside ${this.#dataBytes} bytes of the body`;
    return at;
  }

  /** Reads one part of the framing. @returns offset of the next part, greater than `from` */
  #readPart(bytes: Uint8Array, from: number, to: number): number {
    switch (this.#place) {
      case "size":
        return this.#readSize(bytes, from, to);
      case "extension": {
        const end = bytes.indexOf(LF, from);
        if (end < 0 || end >= to) return to;
        this.#endSize();
        return end + 1;
      }
      case "data end":
        this.#readDataEnd(bytes, from);
        return from + 1;
      default:
        if (!this.#endDigits(bytes[from] ?? LF)) this.#rejectSize(bytes, from);
        return from + 1;
    }
  }

  #readSize(bytes: Uint8Array, from: number, to: number): number {
    let size = this.#left;
    for (let at = from; at < to; at++) {
      const byte = bytes[at] ?? LF;
      const digit = hexDigit(byte);
      const next = size * 16 + digit;
      if (digit >= 0 && next <= Number.MAX_SAFE_INTEGER) {
        size = next;
        continue;
      }
      this.#left = size;
      this.#digits += at - from;
      if (digit >= 0 || this.#digits === 0 || !this.#endDigits(byte)) this.#rejectSize(bytes, at);
      return at + 1;
    }
    this.#left = size;
    this.#digits += to - from;
    return to;
  }

  /** @param at - of the byte that is wrong */
  #rejectSize(bytes: Uint8Array, at: number): void {
    const digits = this.#digits === 0 ? "" : this.#left.toString(16).padStart(this.#digits, "0");
    this.error = {
      problem: "invalid chunk size",
      line: digits.slice(0, SHOWN_BYTES) + lineFrom(bytes, at),
    };
  }

  /** @returns false for a byte that may not follow a chunk's size */
  #endDigits(byte: number): boolean {
    if (byte === LF) this.#endSize();
    else if (byte === SEMICOLON) this.#place = "extension";
    else if (byte === CR || byte === BLANK || byte === TAB) this.#place = "size end";
    else return false;
    return true;
  }

  /** The chunk of size 0 is the last; trailers behind it mean nothing here. */
  #endSize(): void {
    this.#digits = 0;
    this.#place = "data";
    this.ended = this.#left === 0;
  }

  #readDataEnd(bytes: Uint8Array, at: number): void {
    if (bytes[at] === LF) this.#place = "size";
    else if (bytes[at] !== CR)
      this.error = { problem: "no line break after a chunk but", line: lineFrom(bytes, at) };
  }
}

/** @returns -1 when it is not one */
function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 0x20;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}

/** Part of a line that a sentence shows, as Latin-1. */
function lineFrom(bytes: Uint8Array, from: number): string {
  const shown = latin1(bytes, from, Math.min(from + SHOWN_BYTES, bytes.length));
  return shown.split(/\r?\n/, 1)[0] ?? "";
}
