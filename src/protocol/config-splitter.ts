/**
 * Finds the elements of the `configs` list in the bytes of a message without parsing them. Two megabytes of JSON cannot be parsed in one
 * go without delaying checks; their elements can, one by one, and an element whose text has not changed since the last message need
 * not be parsed at all. Everything that a client can make large is bounded here, before parsing: the number of elements, the rest of
 * the message, and the bytes, values and depth of each element.
 *
 * This is not a JSON parser: it follows strings and brackets only. The JSON parser then reads the elements and the rest of the message.
 */
import { isUtf8 } from "node:buffer";
import { formatCount } from "../model/printable.ts";
import { Slice } from "../system/time-slicing.ts";
import { type Line, release } from "./lines.ts";
import { MessageError } from "./message-error.ts";

/** Maximum number of configs in a list; the design size is 10,000. */
export const MAX_CONFIGS = 250_000;
/** Maximum length of a config, in bytes. */
export const MAX_CONFIG_BYTES = 65_536;
/** Maximum number of commas in a config: 1,000 codes or addresses, 100 headers and the fields are fewer. */
export const MAX_CONFIG_VALUES = 2_048;
/** Maximum depth of brackets in a config, its own counted; headers are at 2. */
export const MAX_CONFIG_DEPTH = 16;
/** Maximum length of a message without its configs, in bytes. */
export const MAX_ENVELOPE_BYTES = 16_384;

/** A message without its list, and the elements of the list. */
export interface CutMessage {
  /** The bytes of the message without the list: an empty key is in its place, so that a second `configs` is noticed. */
  readonly envelope: Buffer;
  /** The elements of the list; undefined when the message has no such list. */
  readonly elements: ElementList | undefined;
}

/** One element of the list: its text, or the reason why it may not be parsed. */
export type Element =
  | { readonly text: string }
  | {
      readonly text: undefined;
      /** Its beginning, one character for each byte. */
      readonly head: string;
      readonly byteLength: number;
      readonly problem: string;
    };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const LIST = /"configs"\s*:\s*\[/y;
const ID = /"id"\s*:\s*("?)([0-9]{1,20})\1/y;
const BLANK = /^[ \t\n\r]*$/;
/** Replaces the list and its key in the envelope. */
const INSTEAD_OF_LIST = Buffer.from('"":0');
/** Maximum length of the beginning of an element that is not parsed, in bytes. */
const HEAD_BYTES = 4_096;
const TOO_LONG = `too long; must be at most ${formatCount(MAX_CONFIG_BYTES)} bytes`;
const TOO_MANY_VALUES = `too many values; must be at most ${formatCount(MAX_CONFIG_VALUES)}`;
const TOO_DEEP = `nested too deeply; must be at most ${MAX_CONFIG_DEPTH} levels`;
/** Bytes in a piece; the clock is read between pieces. */
const PIECE_BYTES = 16_384;

/**
 * Splits a message, in time slices.
 *
 * @param line - one message; when it is not valid JSON, the envelope or an element is not either
 * @throws MessageError when it has more than {@link MAX_CONFIGS} elements, or {@link MAX_ENVELOPE_BYTES} beside them
 */
export async function splitConfigs(line: Line): Promise<CutMessage> {
  const head = bytesAt(line, 0, Math.min(line.byteLength, MAX_ENVELOPE_BYTES));
  const list = ownMatch(head.toString("latin1"), LIST);
  if (list === undefined) {
    if (line.byteLength > head.length) throw envelopeTooLarge();
    return { envelope: head, elements: undefined };
  }
  const elements = new ElementList(line);
  const listEnd = await elements.scan(list.end);
  // Without an end the message is not JSON, and neither is the rest of it.
  if (listEnd === undefined) return { envelope: head.subarray(0, list.end), elements: undefined };
  const keyStart = list.end - list.found[0].length;
  const tailStart = listEnd + 1;
  if (keyStart + line.byteLength - tailStart > MAX_ENVELOPE_BYTES) throw envelopeTooLarge();
  const tail = bytesAt(line, tailStart, line.byteLength);
  return { envelope: Buffer.concat([head.subarray(0, keyStart), INSTEAD_OF_LIST, tail]), elements };
}

function envelopeTooLarge(): MessageError {
  return new MessageError(
    `the line has more than ${formatCount(MAX_ENVELOPE_BYTES)} bytes beside the elements of configs`,
  );
}

/**
 * Looks for the id in a config that is not JSON, for the error message.
 *
 * @param text - one element of the list, or its beginning
 * @returns its digits as written; undefined when no id is found
 */
export function recoverId(text: string): string | undefined {
  return ownMatch(text, ID)?.found[2];
}

/** The elements of a list, by their offsets in the line. */
export class ElementList {
  readonly #line: Line;
  /** Start and end of each element. */
  readonly #places: number[] = [];
  readonly #excesses = new Map<number, string>();
  #elementStart = 0;
  #inString = false;
  #escaped = false;
  #depth = 0;
  #deepest = 0;
  #commas = 0;

  constructor(line: Line) {
    this.#line = line;
  }

  get length(): number {
    return this.#places.length / 2;
  }

  /**
   * Finds the elements, in slices; called once.
   *
   * @param start - behind the list's opening bracket
   * @returns the offset of its closing bracket; undefined when it has no end
   * @throws MessageError
   */
  async scan(start: number): Promise<number | undefined> {
    this.#elementStart = start;
    const slice = new Slice();
    let blockStart = 0;
    for (const block of this.#line.blocks) {
      for (let at = Math.max(0, start - blockStart); at < block.length; at += PIECE_BYTES) {
        const end = this.#scanPiece(block, at, Math.min(block.length, at + PIECE_BYTES), blockStart);
        if (end !== undefined) return end;
        if (slice.over) await slice.next();
      }
      blockStart += block.length;
    }
    return undefined;
  }

  /** Returns the elements in order, once: the memory of a large line is released meanwhile. */
  *[Symbol.iterator](): Generator<Element> {
    const cursor = new Cursor(this.#line);
    const places = this.#places;
    for (let at = 0; at < places.length; at += 2) {
      const [start = 0, end = 0] = [places[at], places[at + 1]];
      const excess = this.#excesses.get(at / 2);
      cursor.releaseBefore(start);
      const text = excess === undefined ? cursor.text(start, end) : undefined;
      if (text !== undefined) yield { text };
      else {
        const head = cursor.bytes(start, Math.min(end, start + HEAD_BYTES)).toString("latin1");
        yield { text, head, byteLength: end - start, problem: excess ?? "not UTF-8" };
      }
    }
  }

  /** The fields are read once and written once: these loops run for each byte. */
  #scanPiece(block: Uint8Array, from: number, to: number, blockStart: number): number | undefined {
    let [inString, depth, deepest] = [this.#inString, this.#depth, this.#deepest];
    let at = from;
    if (this.#escaped) at++;
    this.#escaped = false;
    for (; at < to; at++) {
      const code = block[at] ?? 0;
      if (inString) {
        if (code === QUOTE) inString = false;
        else if (code === BACKSLASH && ++at === to) this.#escaped = true;
        continue;
      }
      // Digits and the colon, the most frequent characters between strings.
      if (code >= 0x30 && code <= 0x3a) continue;
      if (code === QUOTE) inString = true;
      else if (code === COMMA) {
        if (depth > 0) this.#commas++;
        else {
          this.#deepest = deepest;
          this.#put(blockStart + at);
          deepest = 0;
        }
      } else if (isOpening(code)) {
        if (++depth > deepest) deepest = depth;
      } else if (isClosing(code) && --depth < 0) {
        this.#deepest = deepest;
        this.#putLast(blockStart + at);
        return blockStart + at;
      }
    }
    [this.#inString, this.#depth, this.#deepest] = [inString, depth, deepest];
    return undefined;
  }

  #put(end: number): void {
    if (this.length >= MAX_CONFIGS)
      throw new MessageError(
        `configs: too long; must be a list of at most ${formatCount(MAX_CONFIGS)} healthchecks`,
      );
    const excess = this.#excess(end - this.#elementStart);
    if (excess !== undefined) this.#excesses.set(this.length, excess);
    this.#places.push(this.#elementStart, end);
    this.#elementStart = end + 1;
    this.#commas = 0;
    this.#deepest = 0;
  }

  #putLast(end: number): void {
    // An empty list has no elements; a comma before the end leaves an empty one, which is an error.
    const sizeBytes = Math.min(end - this.#elementStart, MAX_CONFIG_BYTES);
    const last = bytesAt(this.#line, this.#elementStart, this.#elementStart + sizeBytes);
    if (this.length > 0 || !BLANK.test(last.toString("latin1"))) this.#put(end);
  }

  #excess(byteLength: number): string | undefined {
    if (byteLength > MAX_CONFIG_BYTES) return TOO_LONG;
    if (this.#commas > MAX_CONFIG_VALUES) return TOO_MANY_VALUES;
    return this.#deepest > MAX_CONFIG_DEPTH ? TOO_DEEP : undefined;
  }
}

/** Reads bytes of a line from its beginning to its end. */
class Cursor {
  readonly #line: Line;
  readonly #blocks: readonly Uint8Array[];
  #index = 0;
  #block: Buffer;
  #blockStart = 0;

  constructor(line: Line) {
    this.#line = line;
    this.#blocks = line.blocks;
    this.#block = asBuffer(line.blocks[0]);
  }

  /** Releases the blocks before an offset. @param start - not less than in the previous call */
  releaseBefore(start: number): void {
    const before = this.#index;
    this.#goTo(start);
    if (this.#index > before) release(this.#line, this.#index);
  }

  /**
   * Decodes bytes.
   *
   * @param start - not before that of the call before
   * @returns undefined when they are not UTF-8
   */
  text(start: number, end: number): string | undefined {
    this.#goTo(start);
    const offset = start - this.#blockStart;
    const isWhole = end - this.#blockStart <= this.#block.length;
    const text = isWhole
      ? this.#block.toString("utf8", offset, end - this.#blockStart)
      : this.bytes(start, end).toString("utf8");
    // A replacement character may also be in the text itself.
    return text.includes(REPLACEMENT) && !isUtf8(this.bytes(start, end)) ? undefined : text;
  }

  /** @param start - not less than in the previous call */
  bytes(start: number, end: number): Buffer {
    this.#goTo(start);
    let part: Buffer = this.#block.subarray(start - this.#blockStart, end - this.#blockStart);
    const parts = [part];
    let missing = end - start - part.length;
    for (let index = this.#index + 1; missing > 0 && index < this.#blocks.length; index++) {
      part = asBuffer(this.#blocks[index]).subarray(0, missing);
      parts.push(part);
      missing -= part.length;
    }
    return parts.length === 1 ? part : Buffer.concat(parts);
  }

  #goTo(start: number): void {
    while (start >= this.#blockStart + this.#block.length && this.#index < this.#blocks.length - 1) {
      this.#blockStart += this.#block.length;
      this.#block = asBuffer(this.#blocks[++this.#index]);
    }
  }
}

const NOTHING = Buffer.alloc(0);
const REPLACEMENT = "\ufffd";

function asBuffer(bytes: Uint8Array = NOTHING): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function bytesAt(line: Line, start: number, end: number): Buffer {
  return new Cursor(line).bytes(start, end);
}

/** Matches a pattern at a key of the outermost object of a text, not of one within it. */
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

/** Finds the end of the string that starts at `start`: its closing quote, or the end of the text. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at;
    if (code === BACKSLASH) at++;
  }
  return text.length;
}

/** Reports whether a byte is `[` or `{`. */
function isOpening(code: number): boolean {
  return code === 0x5b || code === 0x7b;
}

/** Reports whether a byte is `]` or `}`. */
function isClosing(code: number): boolean {
  return code === 0x5d || code === 0x7d;
}
