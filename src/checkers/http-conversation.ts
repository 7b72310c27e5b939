/**
 * What an HTTP answer means, pure. The parsing is llhttp's; what is decided here is when enough has come: the status
 * line and headers, and of the body only what `response` asks for.
 */
import { type Conversation, failed, type Verdict } from "./conversation.ts";
import { excerpt } from "./excerpt.ts";
import { LengthsParser } from "./http-lengths.ts";
import type { AnswerParser } from "./http-parser.ts";

/** What makes an answer a good one. */
export interface Expected {
  /** Status codes; empty means any. */
  readonly codes: readonly number[];
  /** What the body must start with; empty means anything, even no body. */
  readonly body: Buffer;
  /** What of the request may not be told when the answer repeats it, as Latin-1. */
  readonly secrets?: string;
}

/** Interim answers (1xx) before the real one; more is no sane server. */
const MOST_INTERIM = 16;
/** Status lines and headers of all answers together. */
const MOST_HEAD_BYTES = 80 * 1_024;

/** One request and its answer; see the head of the file. */
export class HttpConversation implements Conversation {
  readonly #expected: Expected;
  readonly #parser: AnswerParser;
  #verdict: Verdict | undefined;
  #status: string | undefined;
  #statusCode: number | undefined;
  #interim = 0;
  #headBytes = 0;
  #body = Buffer.alloc(0);

  constructor(
    readonly request: Uint8Array,
    expected: Expected,
  ) {
    this.#expected = expected;
    this.#parser = new LengthsParser({
      head: (code, reason) => this.#onHead(code, reason),
      body: (part) => this.#onBody(part),
      end: () => this.#onEnd(),
    });
  }

  get statusCode(): number | undefined {
    return this.#statusCode;
  }

  received(bytes: Uint8Array): Verdict | undefined {
    if (this.#status !== undefined) return this.#read(bytes);
    // Just as much as headers may be, so that what is too long does not depend on how it comes.
    const room = MOST_HEAD_BYTES - this.#headBytes;
    const head = bytes.subarray(0, room);
    this.#headBytes += head.length;
    const verdict = this.#read(head);
    if (verdict !== undefined || bytes.length <= room) return verdict;
    return this.#status === undefined
      ? failed("L7RSP", `no end of headers within ${MOST_HEAD_BYTES} bytes`)
      : this.#read(bytes.subarray(room));
  }

  #read(bytes: Uint8Array): Verdict | undefined {
    const fault = this.#parser.execute(bytes);
    if (this.#verdict !== undefined) return this.#verdict;
    return fault === undefined ? undefined : failed("L7RSP", `not a valid HTTP answer: ${fault}`);
  }

  closed(): Verdict {
    this.#parser.finish();
    if (this.#verdict !== undefined) return this.#verdict;
    if (this.#headBytes === 0) return failed("L7RSP", "closed by peer without an answer");
    if (this.#status === undefined) return failed("L7RSP", "closed by peer before the end of the headers");
    return failed(
      "L7RSP",
      `closed by peer in the middle of the body, after ${this.#shown(this.#body)}, expected ${excerpt(this.#expected.body)}`,
    );
  }

  progress(): string {
    if (this.#status !== undefined) return `status ${this.#status}, ${this.#body.length} bytes of the body`;
    return this.#headBytes === 0 ? "" : `${this.#headBytes} bytes of the headers`;
  }

  #onHead(code: number, reason: string): void {
    if (this.#verdict !== undefined) return;
    if (code < 200 && code !== 101) {
      if (++this.#interim > MOST_INTERIM) {
        this.#verdict = failed("L7RSP", `more than ${MOST_INTERIM} interim answers (status ${code})`);
      }
      return;
    }
    this.#statusCode = code;
    this.#status =
      reason === "" ? `${code}` : `${code} ${this.#shown(Buffer.from(reason, "latin1")).slice(1, -1)}`;
    const { codes, body } = this.#expected;
    if (codes.length > 0 && !codes.includes(code)) {
      this.#verdict = failed("L7STS", `status ${this.#status}, expected ${codes.join(" or ")}`);
    } else if (body.length === 0) {
      this.#verdict = { ok: true, message: `status ${this.#status}` };
    }
  }

  #onBody(bytes: Uint8Array): void {
    if (this.#verdict !== undefined || this.#status === undefined) return;
    const wanted = this.#expected.body;
    this.#body = Buffer.concat([this.#body, bytes.subarray(0, wanted.length - this.#body.length)]);
    if (!wanted.subarray(0, this.#body.length).equals(this.#body)) {
      this.#verdict = failed(
        "L7STS",
        `body starts with ${this.#shown(this.#body)}, expected ${excerpt(wanted)}`,
      );
    } else if (this.#body.length === wanted.length) {
      this.#verdict = { ok: true, message: `status ${this.#status}, body as expected` };
    }
  }

  #onEnd(): void {
    if (this.#status !== undefined) this.#verdict ??= this.#tooShort();
  }

  #shown(bytes: Uint8Array): string {
    return excerpt(bytes, this.#expected.secrets);
  }

  #tooShort(): Verdict {
    return failed(
      "L7STS",
      `body ends after ${this.#shown(this.#body)}, expected ${excerpt(this.#expected.body)}`,
    );
  }
}
