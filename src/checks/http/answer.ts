/**
 * One HTTP/1 answer as it arrives, sans-I/O: interim answers, the head, the body. The runtime's parser is not used
 * because it rejects an answer for any odd header line, which no client of a backend does, and follows framing without
 * a limit.
 */
import { BodyReader } from "./body.ts";
import { FinalHeadReader } from "./final-head.ts";
import type { AnswerError, Head } from "./head.ts";

/** Callbacks for the parts of an answer. Each returns true when more of the answer is wanted. */
export interface AnswerEvents {
  /** The head of the answer proper. */
  head(head: Head): boolean;
  /** @param data - valid during the call only */
  body(data: Uint8Array): boolean;
}

/** Reads one answer. */
export class AnswerReader {
  readonly #events: AnswerEvents;
  readonly #head = new FinalHeadReader();
  #body: BodyReader | undefined;

  constructor(events: AnswerEvents) {
    this.#events = events;
  }

  /** Bytes of status lines and headers until now. */
  get headBytes(): number {
    return this.#head.bytes;
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
    if (this.#body === undefined) {
      at = this.#head.read(bytes);
      const { head, error } = this.#head;
      if (head === undefined) return error;
      this.#body = new BodyReader(head.framing, (data) => this.#events.body(data));
      if (!this.#events.head(head)) return undefined;
    }
    this.#body.read(bytes, at);
    return this.#body.error;
  }

  /** The peer has closed in good order. */
  close(): void {
    this.#body?.close();
  }
}
