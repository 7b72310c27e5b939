/**
 * Sanitizes foreign text: text of a backend, a certificate, a nameserver, a client or a file is made printable and
 * bounded here before it becomes a sentence, a log field, an API response or a line on a terminal. Pure.
 */

/** Maximum length of a result's sentence with its code before it, in bytes of UTF-8. */
export const MAX_SENTENCE_BYTES = 512;

const MARK = "…";
const MARK_BYTES = 3;
const ENCODER = new TextEncoder();

const PLAIN = /^[\x20-\x7e]*$/;
/** Control and format characters (escape sequences, bidirectional overrides), line and paragraph separators, lone surrogates. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const UNPRINTABLE_IN_LINES = /(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);

/**
 * Escapes every character that is not printed as itself: controls (C0, DEL, C1), format characters (bidirectional overrides,
 * zero-width characters, tags), line and paragraph separators, lone surrogates (Unicode Cc, Cf, Zl, Zp, Cs).
 *
 * @param text - may be escaped already: backslashes are left as they are
 * @returns the text with `\n`, `\r`, `\t` and `\u202e` in place of these characters, as JSON writes them
 */
export function printable(text: string): string {
  return PLAIN.test(text) ? text : text.replace(UNPRINTABLE, escaped);
}

/** {@link printable} for text of several lines: line breaks and tabs stay. */
export function printableLines(text: string): string {
  return PLAIN.test(text) ? text : text.replace(UNPRINTABLE_IN_LINES, escaped);
}

function escaped(char: string): string {
  const short = SHORT_ESCAPES.get(char);
  if (short !== undefined) return short;
  let units = "";
  for (let at = 0; at < char.length; at++) units += `\\u${char.charCodeAt(at).toString(16).padStart(4, "0")}`;
  return units;
}

/**
 * Shortens a text to a number of bytes of UTF-8, between characters.
 *
 * @param maxBytes - at least 3, the length of the mark `…` at the end of a shortened text
 * @returns the text, lone surrogates replaced by U+FFFD
 */
export function clip(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes) return text.toWellFormed();
  const head = headOf(text, maxBytes);
  return head.length === text.length ? head : `${headOf(text, maxBytes - MARK_BYTES)}${MARK}`;
}

/**
 * Returns the beginning of a text that fits into a number of bytes of UTF-8, cut between characters.
 *
 * @returns the text, lone surrogates replaced by U+FFFD
 */
export function headOf(text: string, maxBytes: number): string {
  // A UTF-16 unit takes a byte at least: what lies behind cannot fit. One more unit completes a pair.
  const head = text.slice(0, maxBytes + 1).toWellFormed();
  const { read } = ENCODER.encodeInto(head, new Uint8Array(maxBytes));
  return head.slice(0, read);
}

/**
 * Makes foreign text fit for a sentence: printable, and at most `maxBytes` of UTF-8.
 *
 * @param maxBytes - {@link MAX_SENTENCE_BYTES} unless something is put before the text
 */
export function sentence(text: string, maxBytes = MAX_SENTENCE_BYTES): string {
  if (text.length <= maxBytes && PLAIN.test(text)) return text;
  // The part that is cut off need not be escaped: escapes only lengthen.
  return clip(printable(text.slice(0, maxBytes + 1)), maxBytes);
}

/** Writes a count with its thousands apart: `1,497`. @param count - an integer from 0 */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(?:[0-9]{3})+$)/g, ",");
}
