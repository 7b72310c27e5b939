/**
 * The lines that nearly every HTTP/1 answer has, a status line with one blank and a Content-Length with digits, read without making strings
 * of them: most of the parsing of an answer. Pure. Everything that is unusual about a line, or has not arrived, is left to head.ts.
 */
import { latin1 } from "../latin1.ts";

const LF = 10;
const CR = 13;
const BLANK = 32;
const TAB = 9;
const COLON = 58;
const ZERO = 48;
const UPPER_O = 79;
const UPPER_K = 75;
const LOWER_A = 97;
const LOWER_CASE = 0x20;
const CONTENT_LENGTH = Buffer.from("content-length");
const HTTP_1 = Buffer.from("HTTP/1.");
/** Below the largest safe integer. */
const MAX_DIGITS = 15;
/** A line break is searched for byte by byte first; beyond this the runtime's search is faster. */
const NEAR_BYTES = 48;

/** A whole line. */
export interface UsualLine {
  /** Offset of its line feed. */
  readonly endAt: number;
}

/** A status line. */
export interface UsualStatusLine extends UsualLine {
  readonly code: number;
  /** Reason phrase without blanks around it; may be empty. */
  readonly reason: string;
}

/** A Content-Length header. */
export interface UsualContentLength extends UsualLine {
  readonly digits: string;
}

/**
 * Reads `HTTP/1.1 200 OK`.
 *
 * @param from - offset of the line
 * @param maxBytes - of a line
 * @returns undefined for any other line
 */
export function usualStatusLine(
  bytes: Uint8Array,
  from: number,
  maxBytes: number,
): UsualStatusLine | undefined {
  const reasonAt = from + "HTTP/1.1 200 ".length;
  const code = threeDigits(bytes, reasonAt - 4);
  if (code < 0 || bytes[reasonAt - 1] !== BLANK || bytes[reasonAt - 5] !== BLANK) return undefined;
  if (!startsWith(bytes, from, HTTP_1) || !isDigit(bytes[from + HTTP_1.length])) return undefined;
  const endAt = lineEnd(bytes, reasonAt);
  if (endAt === bytes.length || endAt - from > maxBytes) return undefined;
  return { code, reason: reasonOf(bytes, reasonAt, bytes[endAt - 1] === CR ? endAt - 1 : endAt), endAt };
}

/**
 * Reads `Content-Length: 123`.
 *
 * @param from - offset of the line
 * @returns undefined for any other line, and while the byte after it has not arrived: a blank there would continue the line
 */
export function usualContentLength(bytes: Uint8Array, from: number): UsualContentLength | undefined {
  const colonAt = from + CONTENT_LENGTH.length;
  if (bytes[colonAt] !== COLON || !startsWith(bytes, from, CONTENT_LENGTH)) return undefined;
  const digitsAt = bytes[colonAt + 1] === BLANK ? colonAt + 2 : colonAt + 1;
  let at = digitsAt;
  while (isDigit(bytes[at]) && at - digitsAt < MAX_DIGITS) at++;
  const endAt = bytes[at] === CR ? at + 1 : at;
  const following = bytes[endAt + 1];
  if (at === digitsAt || bytes[endAt] !== LF) return undefined;
  if (following === undefined || following === BLANK || following === TAB) return undefined;
  return { digits: latin1(bytes, digitsAt, at), endAt };
}

/** Offset of the line feed of a line, or of the end of the bytes. */
export function lineEnd(bytes: Uint8Array, from: number): number {
  const near = Math.min(from + NEAR_BYTES, bytes.length);
  for (let at = from; at < near; at++) if (bytes[at] === LF) return at;
  const at = bytes.indexOf(LF, near);
  return at < 0 ? bytes.length : at;
}

/** True when a line begins with a name in lower case, in either case. */
function startsWith(bytes: Uint8Array, at: number, name: Uint8Array): boolean {
  for (let index = 0; index < name.length; index++) {
    const wanted = name[index] ?? 0;
    const found = bytes[at + index] ?? 0;
    if (found !== wanted && (wanted < LOWER_A || (found | LOWER_CASE) !== wanted)) return false;
  }
  return true;
}

/** Removes the blanks around a value: space and tab only (RFC 9112, 5.1), where the runtime's `trim` would remove more. */
export function trimBlanks(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === BLANK || code === TAB;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= ZERO + 9;
}

/** @returns a number from 100 to 999, or -1 */
function threeDigits(bytes: Uint8Array, at: number): number {
  const a = (bytes[at] ?? 0) - ZERO;
  const b = (bytes[at + 1] ?? 0) - ZERO;
  const c = (bytes[at + 2] ?? 0) - ZERO;
  return a >= 1 && a <= 9 && b >= 0 && b <= 9 && c >= 0 && c <= 9 ? a * 100 + b * 10 + c : -1;
}

function reasonOf(bytes: Uint8Array, from: number, to: number): string {
  if (to - from === 2 && bytes[from] === UPPER_O && bytes[from + 1] === UPPER_K) return "OK";
  return to <= from ? "" : trimBlanks(latin1(bytes, from, to));
}
