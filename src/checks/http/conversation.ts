/**
 * Meaning of an HTTP answer, sans-I/O. answer.ts parses it; this file decides when enough has been received: the status
 * line and headers, and of the body only the bytes that `response` needs.
 */

import type { Secrets } from "../../redaction/secrets.ts";
import { type Conversation, failed, type Verdict } from "../conversation.ts";
import { excerpt, MAX_SHOWN_BYTES } from "../excerpt.ts";
import { AnswerReader } from "./answer.ts";
import type { Head } from "./head.ts";
import { shownLocation } from "./location.ts";
import { shownError, shownStatus } from "./status.ts";

/** Requirements for a healthy answer. */
export interface Expected {
  /** Status codes; empty means any. */
  readonly codes: readonly number[];
  /** Required beginning of the body; empty accepts any body, or none. */
  readonly body: Buffer;
  /** Hidden where the answer repeats it. */
  readonly secrets?: Secrets | undefined;
  /** Sentence of the last good answer, kept because the next one is nearly always like it. */
  last?: { readonly statusCode: number; readonly reason: string; readonly message: string };
}

const NOTHING = Buffer.alloc(0);

/** One HTTP request and its answer. */
export class HttpConversation implements Conversation {
  readonly #expected: Expected;
  readonly #answer: AnswerReader;
  #verdict: Verdict | undefined;
  #head: Head | undefined;
  /** The body, as far as it is expected or may be shown. */
  #body = NOTHING;
  #bodyBytes = 0;
  /** Problem of the answer; the sentence waits for the rest of the bytes, which may hold the body that explains it. */
  #problem: "status" | "body" | undefined;

  constructor(
    readonly request: Uint8Array,
    expected: Expected,
  ) {
    this.#expected = expected;
    this.#answer = new AnswerReader({
      head: (head) => this.#onHead(head),
      body: (data) => this.#onBody(data),
    });
  }

  get statusCode(): number | undefined {
    return this.#head?.statusCode;
  }

  received(bytes: Uint8Array): Verdict | undefined {
    const error = this.#answer.read(bytes);
    if (this.#verdict !== undefined) return this.#verdict;
    if (this.#problem !== undefined) this.#verdict = this.#blame(this.#problem);
    else if (error !== undefined) this.#verdict = failed("L7RSP", shownError(error, this.#expected.secrets));
    else if (this.#answer.ended) this.#verdict = this.#tooShort();
    return this.#verdict;
  }

  closed(): Verdict {
    this.#answer.close();
    if (this.#answer.headBytes === 0) return failed("L7RSP", "closed by peer without an answer");
    if (this.#head === undefined) return failed("L7RSP", "closed by peer before the end of the headers");
    if (this.#answer.ended) return this.#tooShort();
    const { body } = this.#expected;
    return failed(
      "L7RSP",
      `closed by peer in the middle of the body, after ${this.#shownBody()}, expected ${excerpt(body)}`,
    );
  }

  progress(): string {
    if (this.#head !== undefined)
      return `status ${this.#status(this.#head)}, ${this.#bodyBytes} bytes of the body`;
    return this.#answer.headBytes === 0 ? "" : `${this.#answer.headBytes} bytes of the headers`;
  }

  #onHead(head: Head): boolean {
    this.#head = head;
    const { codes, body } = this.#expected;
    if (codes.length > 0 && !codes.includes(head.statusCode)) this.#problem = "status";
    else if (body.length === 0) this.#verdict = { ok: true, message: this.#successMessage(head) };
    return this.#verdict === undefined;
  }

  #onBody(data: Uint8Array): boolean {
    const from = this.#bodyBytes;
    this.#keep(data);
    if (this.#head === undefined || this.#problem !== undefined) return this.#bodyBytes < MAX_SHOWN_BYTES;
    const wanted = this.#expected.body;
    const to = Math.min(this.#bodyBytes, wanted.length);
    if (wanted.compare(this.#body, from, to, from, to) !== 0) {
      this.#problem = "body";
      return this.#bodyBytes < MAX_SHOWN_BYTES;
    }
    if (to < wanted.length) return true;
    this.#verdict = { ok: true, message: `status ${this.#status(this.#head)}, body as expected` };
    return false;
  }

  /** The sentence of an answer like the last one of this healthcheck is made once. */
  #successMessage(head: Head): string {
    const { last } = this.#expected;
    if (last?.statusCode === head.statusCode && last.reason === head.reason) return last.message;
    const message = `status ${this.#status(head)}`;
    this.#expected.last = { statusCode: head.statusCode, reason: head.reason, message };
    return message;
  }

  #keep(data: Uint8Array): void {
    const most = Math.max(this.#expected.body.length, MAX_SHOWN_BYTES);
    if (this.#body.length === 0) this.#body = Buffer.allocUnsafe(most);
    const kept = data.subarray(0, most - this.#bodyBytes);
    this.#body.set(kept, this.#bodyBytes);
    this.#bodyBytes += kept.length;
  }

  #blame(problem: "status" | "body"): Verdict {
    const { codes, body } = this.#expected;
    if (problem === "body") {
      return failed("L7STS", `body starts with ${this.#shownBody()}, expected ${excerpt(body)}`);
    }
    const { location = "", statusCode = 0 } = this.#head ?? {};
    let detail = "";
    if (statusCode >= 300 && statusCode < 400 && location !== "") {
      detail = `, Location ${shownLocation(location, this.#expected.secrets)}`;
    } else if (this.#bodyBytes > 0) detail = `, body starts with ${this.#shownBody()}`;
    const status = this.#head === undefined ? "" : this.#status(this.#head);
    return failed("L7STS", `status ${status}, expected ${codes.join(" or ")}${detail}`);
  }

  /** `200 OK` */
  #status(head: Head): string {
    return shownStatus(head, this.#expected.secrets);
  }

  #tooShort(): Verdict {
    return failed("L7STS", `body ends after ${this.#shownBody()}, expected ${excerpt(this.#expected.body)}`);
  }

  #shownBody(): string {
    return excerpt(this.#body.subarray(0, this.#bodyBytes), this.#expected.secrets);
  }
}
