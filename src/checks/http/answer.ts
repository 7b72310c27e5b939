/**
 * One HTTP/1 answer as it arrives, sans-I/O: interim answers, the head, the body. The runtime's parser is not used
 * because it rejects an answer for any odd header line, which no client of a backend does, and follows framing without
 * a limit.
 */
import { BodyReader } from "./body.ts";
import { type AnswerError, type Head, HeadReader, SHORT_LINE_BYTES } from "./head.ts";

/** Interim answers (1xx) before the real one; no sane server sends more. */
const MAX_INTERIM = 16;
/** Status lines and headers of all answers together; none of it is kept. */
export const MAX_HEAD_BYTES = 1_024 * 1_024;
/** Short lines (see {@link HeadReader.shortLines}) of all of them together: a line costs more than the bytes in it. */
export const MAX_SHORT_LINES = 4_096;
const SWITCHING_PROTOCOLS = 101;

/** Callbacks for the parts of an answer. Each returns true when more of the answer is wanted. */
export interface AnswerEvents {
  /** The head of the answer proper. */
  head(head: Head): boolean;
  /** @param data - valid during the call only */
  body(data: Uint8Array): boolean;
}

/** Reads one answer. */
export class AnswerReader {
  /** Bytes of status lines and headers until now. */
  headBytes = 0;
  readonly #events: AnswerEvents;
  #head = new HeadReader();
  #body: BodyReader | undefined;
  #interim = 0;
  /** Short lines of the previous heads. */
  #shortLines = 0;
  #error: AnswerError | string | undefined;

  constructor(events: AnswerEvents) {
    this.#events = events;
  }

  /** True when the whole answer has been received. */
  get ended(): boolean {
    return this.#body?.ended === true;
  }

  /**
   * Reads the next bytes.
   *
   * @returns the reason why this is not a valid HTTP answer: the invalid line, or a whole sentence; undefined for a
   *   valid one
   */
  read(bytes: Uint8Array): AnswerError | string | undefined {
    let at = 0;
    while (this.#body === undefined && this.#error === undefined && at < bytes.length) {
      const from = at;
      // As much as headers may have, so that the bound does not depend on how the bytes are cut.
      const room = Math.min(bytes.length, at + MAX_HEAD_BYTES - this.headBytes);
      at = this.#head.read(room < bytes.length ? bytes.subarray(0, room) : bytes, at);
      this.headBytes += at - from;
      const { head, error, shortLines } = this.#head;
      if (this.#shortLines + shortLines > MAX_SHORT_LINES)
        this.#error = `more than ${MAX_SHORT_LINES} lines of headers that have less than ${SHORT_LINE_BYTES} bytes`;
      else if (error !== undefined) this.#error = error;
      else if (head !== undefined) {
        if (!this.#begin(head)) return this.#error;
      } else if (at < bytes.length) this.#error = `no end of headers within ${MAX_HEAD_BYTES} bytes`;
    }
    if (this.#body === undefined || this.#error !== undefined) return this.#error;
    this.#body.read(bytes, at);
    return this.#body.error;
  }

  /** The peer has closed in good order. */
  close(): void {
    this.#body?.close();
  }

  /** Handles a complete head. @returns true when more is wanted */
  #begin(head: Head): boolean {
    const { statusCode } = head;
    if (statusCode < 200 && statusCode !== SWITCHING_PROTOCOLS) {
      if (++this.#interim > MAX_INTERIM) {
        this.#error = `more than ${MAX_INTERIM} interim answers (status ${statusCode})`;
      }
      this.#shortLines += this.#head.shortLines;
      this.#head = new HeadReader();
      return this.#error === undefined;
    }
    this.#body = new BodyReader(head.framing, (data) => this.#events.body(data));
    return this.#events.head(head);
  }
}
