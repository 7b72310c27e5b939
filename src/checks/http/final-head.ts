/** The head of an HTTP/1 answer proper and the interim answers (1xx) before it, sans-I/O, bounded. None of it is kept but what the verdict needs. */
import { type AnswerError, type Head, HeadReader, SHORT_LINE_BYTES } from "./head.ts";

/** Interim answers (1xx) before the real one; no sane server sends more. */
const MAX_INTERIM = 16;
/** Status lines and headers of all answers together. */
export const MAX_HEAD_BYTES = 1_024 * 1_024;
/** Short lines (see {@link HeadReader.shortLines}) of all of them together: a line costs more than the bytes in it. */
export const MAX_SHORT_LINES = 4_096;
const SWITCHING_PROTOCOLS = 101;

/** Reads up to the end of one final head. */
export class FinalHeadReader {
  /** Bytes of status lines and headers until now. */
  bytes = 0;
  /** Set when the final head is complete. */
  head: Head | undefined;
  /** Set when it can never be: the invalid line, or a whole sentence. */
  error: AnswerError | string | undefined;
  readonly #opensTunnel: boolean;
  #reader: HeadReader;
  #interim = 0;
  /** Short lines of the previous heads. */
  #shortLines = 0;

  /** @param opensTunnel - true for the answer to CONNECT */
  constructor(opensTunnel = false) {
    this.#opensTunnel = opensTunnel;
    this.#reader = new HeadReader(opensTunnel);
  }

  /** Reads the next bytes, at most to the end of the final head. @returns offset after the last byte read */
  read(bytes: Uint8Array): number {
    let at = 0;
    while (this.head === undefined && this.error === undefined && at < bytes.length) {
      const from = at;
      // As much as headers may have, so that the bound does not depend on how the bytes are cut.
      const room = Math.min(bytes.length, at + MAX_HEAD_BYTES - this.bytes);
      at = this.#reader.read(room < bytes.length ? bytes.subarray(0, room) : bytes, at);
      this.bytes += at - from;
      const { head, error, shortLines } = this.#reader;
      if (this.#shortLines + shortLines > MAX_SHORT_LINES)
        this.error = `more than ${MAX_SHORT_LINES} lines of headers that have less than ${SHORT_LINE_BYTES} bytes`;
      else if (error !== undefined) this.error = error;
      else if (head !== undefined) this.#end(head);
      else if (at < bytes.length) this.error = `no end of headers within ${MAX_HEAD_BYTES} bytes`;
    }
    return at;
  }

  #end(head: Head): void {
    const { statusCode } = head;
    if (statusCode >= 200 || statusCode === SWITCHING_PROTOCOLS) {
      this.head = head;
      return;
    }
    if (++this.#interim > MAX_INTERIM)
      this.error = `more than ${MAX_INTERIM} interim answers (status ${statusCode})`;
    this.#shortLines += this.#reader.shortLines;
    this.#reader = new HeadReader(this.#opensTunnel);
  }
}
