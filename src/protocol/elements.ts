/**
 * Finds the elements of the `configs` list in the text of a message without parsing them, pure. Two megabytes of JSON cannot
 * be parsed in one go without holding up checks; their elements can, one by one, and an element whose text has not changed
 * since the last message need not be parsed at all.
 *
 * This is no JSON parser: it follows strings and brackets only. What it cuts out is parsed by the real one, and so is
 * what is left.
 */

/** A message cut up. */
export interface CutMessage {
  /** The message without the list: an empty key is in its place, so that another `configs` beside it is seen. */
  readonly envelope: string;
  /** The text of each element of the list; undefined when the message has no such list. */
  readonly elements: readonly string[] | undefined;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const LIST = /"configs"\s*:\s*\[/y;
const ID = /"id"\s*:\s*("?)([0-9]{1,20})\1/y;

/**
 * Cuts a message up.
 *
 * @param text - one message; when it is not valid JSON, the envelope or an element is not either
 */
export function cutMessage(text: string): CutMessage {
  const list = ownMatch(text, LIST);
  if (list === undefined) return { envelope: text, elements: undefined };
  return cutList(text, list.end - list.found[0].length, list.end);
}

/**
 * Looks for the id in a config that is no JSON, so that people can be told where to look.
 *
 * @param text - one element of the list
 * @returns its digits as written; undefined when there are none to be seen
 */
export function idInRuins(text: string): string | undefined {
  return ownMatch(text, ID)?.found[2];
}

/** Matches a pattern where a key of the text's own object is, not of one within it. */
function ownMatch(text: string, pattern: RegExp): { end: number; found: RegExpExecArray } | undefined {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      pattern.lastIndex = at;
      const found = depth === 1 ? pattern.exec(text) : null;
      if (found !== null) return { end: pattern.lastIndex, found };
      at = endOfString(text, at);
    } else if (isOpening(code)) depth++;
    else if (isClosing(code)) depth--;
  }
  return undefined;
}

/**
 * @param keyStart - where the list's key begins
 * @param start - behind the list's opening bracket
 */
function cutList(text: string, keyStart: number, start: number): CutMessage {
  const elements: string[] = [];
  let depth = 0;
  let elementStart = start;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (isOpening(code)) depth++;
    else if (isClosing(code) && --depth < 0) {
      const last = text.slice(elementStart, at);
      // An empty list has no elements; a comma before the end leaves an empty one, which is an error.
      if (elements.length > 0 || last.trim() !== "") elements.push(last);
      return { envelope: `${text.slice(0, keyStart)}"":0${text.slice(at + 1)}`, elements };
    } else if (code === COMMA && depth === 0) {
      elements.push(text.slice(elementStart, at));
      elementStart = at + 1;
    }
  }
  return { envelope: text, elements: undefined };
}

/** @returns where the string that starts at `start` ends: at its closing quote, or at the end of the text */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end >= 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end < 0 ? text.length : end;
}

function isEscaped(text: string, quote: number): boolean {
  let at = quote;
  while (text.charCodeAt(at - 1) === BACKSLASH) at--;
  return (quote - at) % 2 === 1;
}

/** `[` or `{` */
function isOpening(code: number): boolean {
  return code === 0x5b || code === 0x7b;
}

/** `]` or `}` */
function isClosing(code: number): boolean {
  return code === 0x5d || code === 0x7d;
}
