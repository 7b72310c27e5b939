/**
 * Answers that give their length more than once. Where all values are the same they are to be read as one (RFC 9112 6.3,
 * rule 5); llhttp refuses them, whatever it is told, so the head is given to it anew with one of them.
 */
import { type AnswerEvents, type AnswerParser, answerParser } from "./http-parser.ts";

const LENGTH_FAULT = /Content-Length/;
const LENGTH_LINE = /^content-length[ \t]*:([^\n]*)\n/gim;
const CODING_LINE = /^transfer-encoding[ \t]*:/im;
/** Blank lines that end no head may stand before one. */
const HEAD_END = /[^\r\n]\r?\n\r?\n/g;
/** So many bytes of the longest end may have come before. */
const LONGEST_END = 4;

/** Like {@link answerParser}; equal lengths are taken as one. */
export class LengthsParser implements AnswerParser {
  readonly #events: AnswerEvents;
  #parser: AnswerParser;
  /** What has come, as Latin-1, while the head is not over; an answer in one piece is never kept. */
  readonly #parts: string[] = [];
  #tail = "";
  #fault: string | undefined;
  #heads = 0;
  #known = 0;
  #plain = false;

  constructor(events: AnswerEvents) {
    const { body, end } = events;
    this.#events = { head: (code, reason) => this.#onHead(events, code, reason), body, end };
    this.#parser = answerParser(this.#events);
  }

  execute(bytes: Uint8Array): string | undefined {
    if (this.#plain) return this.#parser.execute(bytes);
    this.#fault ??= this.#parser.execute(bytes);
    if (this.#plain) return this.#fault;
    const part = Buffer.from(bytes).toString("latin1");
    this.#parts.push(part);
    const end = this.#tail + part;
    this.#tail = end.slice(-LONGEST_END);
    if (this.#fault === undefined || !LENGTH_FAULT.test(this.#fault)) return this.#fault;
    // What is left of the head may hold another value.
    return end.search(HEAD_END) < 0 ? undefined : this.#anew(this.#parts.join(""));
  }

  finish(): void {
    this.#parser.finish();
  }

  #onHead(events: AnswerEvents, code: number, reason: string): void {
    // Interim answers before the fault come again.
    if (++this.#heads > this.#known) events.head(code, reason);
    this.#plain ||= code >= 200 || code === 101;
  }

  #anew(text: string): string | undefined {
    const ends = [...text.matchAll(HEAD_END)].map(({ index, 0: end }) => index + end.indexOf("\n") + 1);
    const to = ends[this.#heads];
    if (to === undefined) return undefined;
    this.#plain = true;
    // Where the head before ended is where this one begins, with a line break.
    const from = this.#heads === 0 ? 0 : (ends[this.#heads - 1] ?? 0);
    const head = withOneLength(text.slice(from, to));
    if (head === undefined) return this.#fault;
    this.#known = this.#heads;
    this.#heads = 0;
    this.#parser = answerParser(this.#events);
    return this.#parser.execute(Buffer.from(text.slice(0, from) + head + text.slice(to), "latin1"));
  }
}

/** A head with a single length; undefined when its lengths are no numbers, or not the same and count (RFC 9112 6.3, rule 3). */
function withOneLength(head: string): string | undefined {
  if (CODING_LINE.test(head)) return head.replace(LENGTH_LINE, "");
  const values = [...head.matchAll(LENGTH_LINE)].flatMap(([, value = ""]) => value.split(","));
  const [first = "", ...others] = values.map((value) => value.trim());
  if (!/^\d+$/.test(first) || others.some((value) => value !== first)) return undefined;
  return `${head.replace(LENGTH_LINE, "")}Content-Length: ${first}\r\n`;
}
