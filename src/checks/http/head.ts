/**
 * The status line and headers of an HTTP/1 answer, sans-I/O. Strict about the status line and about the headers that decide where the body
 * ends; every other line is skipped, whatever it holds: no verdict depends on it. Nothing that is skipped is kept.
 */
import { latin1 } from "../latin1.ts";
import { lineEnd, trimBlanks, type UsualLine, usualContentLength, usualStatusLine } from "./usual-lines.ts";

/** End of the body (RFC 9112, 6.3): a number of bytes, after the last chunk, or when the connection is closed. */
export type Framing = number | "chunked" | "close";

/** A status line with its headers. */
export interface Head {
  readonly statusCode: number;
  /** Without blanks around it; may be empty. */
  readonly reason: string;
  /** The Location header, empty when absent. */
  readonly location: string;
  readonly framing: Framing;
}

/** Reason why bytes are not a valid HTTP answer, with the invalid line. */
export interface AnswerError {
  readonly problem: string;
  /** As Latin-1, from its beginning; may be cut off. */
  readonly line: string;
}

const LF = 10;
const CR = 13;
const BLANK = 32;
const TAB = 9;
const COLON = 58;
const LOWER_CASE = 0x20;
/** The headers that are read, all others are skipped. */
const NAMES = ["content-length", "location", "transfer-encoding"].map((name) => Buffer.from(name));

/** Bytes of a line that are kept until it ends. */
const MAX_KEPT_BYTES = 4_096;
/** Longest useful part of a status line: 16 blanks, the code, and a reason phrase. */
const MAX_STATUS_LINE_BYTES = 512;
/** Lines of headers that are read, continuation lines among them; no server needs more than a few. */
const MAX_FIELD_LINES = 256;
/** Below this a line is short. Longer ones are bounded by their bytes. */
export const SHORT_LINE_BYTES = 32;

const STATUS_LINE = /^HTTP\/1\.\d {1,16}([1-9]\d\d)(?: (.*))?$/s;
/** The rest of a status line that has only begun. */
const REST_OF_STATUS_LINE = "HTTP/1.1 200";
const FIELD = /^(content-length|transfer-encoding|location)[ \t]*:(.*)$/is;
/** A line that had to be looked at, because it begins like one of {@link NAMES}; it need not be a valid one. */
const READ_FIELDS = /^(?:content-length|transfer-encoding|location)[ \t:]/i;
const LENGTH = /^\d+$/;

/** Reads one head. Interim answers (1xx) have heads of their own. */
export class HeadReader {
  /** Set when the head is complete. */
  head: Head | undefined;
  /** Set when it can never be. */
  error: AnswerError | undefined;
  /** Lines shorter than {@link SHORT_LINE_BYTES} until now, including blank lines before the status line. */
  shortLines = 0;
  #status: { readonly code: number; readonly reason: string } | undefined;
  /** Bytes received of the current line, where it may matter. */
  #line = "";
  #lineBytes = 0;
  #inLine = false;
  #skipping = false;
  /** The last header that matters, with its continuation lines (RFC 9112, 5.2). */
  #field = "";
  #fieldLines = 0;
  #length: string | undefined;
  #lengthError: AnswerError | undefined;
  #coding: string | undefined;
  #location = "";
  readonly #opensTunnel: boolean;

  /** @param opensTunnel - true for an answer to CONNECT: a good one has no body, whatever its headers declare (RFC 9110, 9.3.6) */
  constructor(opensTunnel = false) {
    this.#opensTunnel = opensTunnel;
  }

  /**
   * Reads up to the end of the head, at most to the end of the bytes.
   *
   * @param from - offset of the first byte to read
   * @returns offset after the last byte read
   */
  read(bytes: Uint8Array, from: number): number {
    let at = from;
    while (at < bytes.length && this.head === undefined && this.error === undefined) {
      if (!this.#inLine && this.#status !== undefined && this.#field === "") {
        at = this.#skipLines(bytes, at);
        if (at === bytes.length) break;
      }
      const next = this.#inLine ? at : this.#readUsual(bytes, at);
      if (next > at) {
        at = next;
        continue;
      }
      if (!this.#inLine && !this.#begin(bytes, at)) {
        if (bytes[at++] === LF) this.shortLines++;
        continue;
      }
      const end = lineEnd(bytes, at);
      if (!this.#skipping) this.#keep(bytes, at, end);
      this.#lineBytes += end - at;
      at = end;
      if (at < bytes.length) {
        at++;
        if (this.#lineBytes < SHORT_LINE_BYTES) this.shortLines++;
        this.#endLine();
      } else if (this.#status === undefined) this.#checkStatusLineStart();
    }
    return at;
  }

  /** Reads a line that nearly every answer has, without its detours. @returns offset after it, or `from` when it is not one of them */
  #readUsual(bytes: Uint8Array, from: number): number {
    let line: UsualLine | undefined;
    if (this.#status === undefined) {
      const status = usualStatusLine(bytes, from, MAX_STATUS_LINE_BYTES);
      this.#status = status;
      line = status;
    } else if (this.#field === "" && this.#length === undefined && this.#lengthError === undefined) {
      const length = usualContentLength(bytes, from);
      if (length !== undefined) {
        this.#length = length.digits;
        this.#fieldLines++;
      }
      line = length;
    }
    if (line === undefined) return from;
    if (line.endAt - from < SHORT_LINE_BYTES) this.shortLines++;
    return line.endAt + 1;
  }

  /** Skips whole lines that do not matter, most of a head. @returns offset of the first other line */
  #skipLines(bytes: Uint8Array, from: number): number {
    let at = from;
    while (at < bytes.length) {
      const first = bytes[at] ?? LF;
      if (first === LF || first === CR || mayMatter(bytes, at)) break;
      const end = lineEnd(bytes, at);
      if (end === bytes.length) break;
      if (end - at < SHORT_LINE_BYTES) this.shortLines++;
      at = end + 1;
    }
    return at;
  }

  /** Decides by its first bytes whether a line matters. @returns false for line breaks before the status line */
  #begin(bytes: Uint8Array, at: number): boolean {
    const first = bytes[at];
    if (this.#status === undefined) {
      if (first === CR || first === LF) return false;
    } else if (first === BLANK || first === TAB) this.#skipping = this.#field === "";
    else {
      if (this.#field !== "") this.#endField();
      this.#skipping = first !== LF && first !== CR && !mayMatter(bytes, at);
    }
    this.#inLine = true;
    return true;
  }

  #keep(bytes: Uint8Array, from: number, to: number): void {
    const most = this.#status === undefined ? MAX_STATUS_LINE_BYTES : MAX_KEPT_BYTES;
    const end = Math.min(to, from + most - this.#line.length);
    if (end > from) this.#line += latin1(bytes, from, end);
  }

  #endLine(): void {
    const line = this.#line.endsWith("\r") ? this.#line.slice(0, -1) : this.#line;
    const skipped = this.#skipping;
    this.#line = "";
    this.#lineBytes = 0;
    this.#inLine = false;
    this.#skipping = false;
    if (skipped) return;
    if (this.#status === undefined) this.#readStatus(line);
    else if (line === "") this.#complete();
    else this.#readField(line);
  }

  #readField(line: string): void {
    const folded = line.startsWith(" ") || line.startsWith("\t");
    if (folded) this.#unfold(trimBlanks(line));
    else this.#field = FIELD.test(line) ? line : "";
    if (this.#field === "" && !READ_FIELDS.test(line)) return;
    if (++this.#fieldLines <= MAX_FIELD_LINES) return;
    this.error = { problem: `more than ${MAX_FIELD_LINES} headers like`, line };
  }

  #unfold(continuation: string): void {
    if (continuation === "" || this.#field.length >= MAX_KEPT_BYTES) return;
    this.#field = `${this.#field} ${continuation}`.slice(0, MAX_KEPT_BYTES);
  }

  #readStatus(line: string): void {
    const [, code, reason = ""] = STATUS_LINE.exec(line) ?? [];
    if (code === undefined) this.error = { problem: "invalid status line", line };
    else this.#status = { code: Number(code), reason: trimBlanks(reason) };
  }

  /** A status line that cannot become a valid one is one already, or a peer that waits would be waited for. */
  #checkStatusLineStart(): void {
    const line = this.#line.replace(/\r$/, "");
    const whole = line.replace(/ +/, " ");
    if (STATUS_LINE.test(line) || STATUS_LINE.test(whole + REST_OF_STATUS_LINE.slice(whole.length))) return;
    this.error = { problem: "invalid status line", line };
  }

  #endField(): void {
    const line = this.#field;
    this.#field = "";
    const [, name = "", value = ""] = FIELD.exec(line) ?? [];
    switch (name.toLowerCase()) {
      case "location":
        this.#location = trimBlanks(value);
        break;
      case "transfer-encoding":
        this.#coding = codings(value).at(-1) ?? this.#coding;
        break;
      default:
        this.#readLengths(value, line);
    }
  }

  /** Equal lengths count as one (RFC 9112, 6.3, rule 5). */
  #readLengths(values: string, line: string): void {
    for (const value of values.split(",")) {
      const length = trimBlanks(value);
      if (!LENGTH.test(length) || Number(length) > Number.MAX_SAFE_INTEGER || line.length >= MAX_KEPT_BYTES) {
        this.#lengthError ??= { problem: "invalid length", line };
      } else if (this.#length !== undefined && Number(length) !== Number(this.#length)) {
        this.#lengthError ??= { problem: `a second length beside ${this.#length}`, line };
      }
      this.#length ??= length;
    }
  }

  #complete(): void {
    if (this.#status === undefined) return;
    const { code, reason } = this.#status;
    // These have no body, whatever their headers declare (RFC 9112, 6.3, rule 1).
    const bodiless = code < (this.#opensTunnel ? 300 : 200) || code === 204 || code === 304;
    // A coding counts and a length beside it does not (rule 3).
    if (this.#coding === undefined && !bodiless) this.error = this.#lengthError;
    if (this.error !== undefined) return;
    const framing = bodiless ? 0 : this.#framing();
    this.head = { statusCode: code, reason, location: this.#location, framing };
  }

  #framing(): Framing {
    if (this.#coding !== undefined) return this.#coding === "chunked" ? "chunked" : "close";
    return this.#length === undefined ? "close" : Number(this.#length);
  }
}

/** True when the bytes received of a line may begin one of {@link NAMES}. */
function mayMatter(bytes: Uint8Array, at: number): boolean {
  const first = (bytes[at] ?? 0) | LOWER_CASE;
  for (const name of NAMES) {
    if (name[0] !== first) continue;
    const length = Math.min(name.length, bytes.length - at);
    for (let index = 1; index < length; index++) {
      if (((bytes[at + index] ?? 0) | LOWER_CASE) !== name[index]) return false;
    }
    const next = bytes[at + name.length];
    return next === undefined || next === COLON || next === BLANK || next === TAB;
  }
  return false;
}

function codings(value: string): string[] {
  return value
    .toLowerCase()
    .split(",")
    .map(trimBlanks)
    .filter((coding) => coding !== "");
}
