/**
 * Bounds of log lines: a field with foreign text is truncated, and a line stays below the length at which journald
 * would split it: the rest would become an entry of its own, with a text that a stranger chose. Pure.
 */
import { formatCount, headOf, printableLines } from "../model/printable.ts";

/** Maximum length of a field or message, in bytes of UTF-8; the rest is given as a number. */
export const MAX_FIELD_BYTES = 4_096;
/** Maximum length of a line with its newline, in bytes; journald cuts at `LineMax=`, 48 KiB (journald.conf(5)). */
export const MAX_LOG_LINE_BYTES = 48 * 1_024 - 1;
/** Reserve for the time, the level and the braces of a line, and for the field that counts omitted fields. */
const FRAME_BYTES = 1_024;
/** Maximum length of a field's name. */
const MAX_NAME_BYTES = 128;

/** Length of a text whose bytes are not counted exactly. */
const SHORT_CHARS = 128;

/** Named values of a log line. */
type Fields = Readonly<Record<string, unknown>>;

/**
 * Cuts a text to {@link MAX_FIELD_BYTES}, and makes it printable; line breaks stay, the formats of lines escape them.
 *
 * @returns the text, or its beginning and `… (12,345 bytes left out)`
 */
export function boundedText(text: string): string {
  const whole = printableLines(text);
  if (whole.length * 3 <= MAX_FIELD_BYTES) return whole;
  const bytes = Buffer.byteLength(whole);
  if (bytes <= MAX_FIELD_BYTES) return whole;
  const head = headOf(whole, MAX_FIELD_BYTES);
  return `${head}… (${formatCount(bytes - Buffer.byteLength(head))} bytes left out)`;
}

/**
 * Truncates the fields of a line, so that with its message it stays within {@link MAX_LOG_LINE_BYTES} in every format.
 *
 * @param message - already bounded
 * @returns the fields; those for which there is no room are omitted, and `fields_left_out` counts them
 */
export function boundedFields(fields: Fields, message: string): Fields {
  let room = MAX_LOG_LINE_BYTES - FRAME_BYTES - jsonBytes(message);
  const bounded: Record<string, unknown> = {};
  let leftOut = 0;
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const kept = boundedValue(value);
    // Quotes, a colon, a comma.
    const bytes = MAX_NAME_BYTES + maxJsonBytes(kept) + 4;
    if (bytes > room || Buffer.byteLength(name) > MAX_NAME_BYTES) {
      leftOut++;
      continue;
    }
    room -= bytes;
    bounded[name] = kept;
  }
  if (leftOut > 0) bounded["fields_left_out"] = leftOut;
  return bounded;
}

function boundedValue(value: unknown): unknown {
  if (typeof value === "string") return boundedText(value);
  if (typeof value === "bigint" || value instanceof Error) return boundedText(String(value));
  if (typeof value !== "object" || value === null) return value;
  const json = jsonText(value);
  if (json === undefined) return String(value);
  // Also where it has characters that are not printable: as text they can be escaped.
  const text = boundedText(json);
  return text === json ? value : text;
}

/** {@link jsonBytes}, or more for a short text, whose JSON need not be made: an escape has six bytes at most. */
function maxJsonBytes(value: unknown): number {
  return typeof value === "string" && value.length <= SHORT_CHARS ? value.length * 6 + 2 : jsonBytes(value);
}

function jsonBytes(value: unknown): number {
  return Buffer.byteLength(jsonText(value) ?? "");
}

/** Returns undefined for what has no JSON: a log line must not throw because an object contains itself. */
function jsonText(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
