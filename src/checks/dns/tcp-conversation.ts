/** A DNS question over TCP (RFC 7766), for answers that do not fit into a datagram; a conversation of the exchange. */

import type { Conversation, Verdict } from "../conversation.ts";
import { failed } from "../conversation.ts";
import { type Answer, type Question, readReply } from "./wire.ts";

const LENGTH_BYTES = 2;

/** Asks the question and collects the answer; what the answer means is up to the caller. */
export class DnsTcpConversation implements Conversation {
  readonly request: Uint8Array;
  readonly #asked: Buffer;
  readonly #question: Pick<Question, "type" | "options">;
  readonly #pieces: Buffer[] = [];
  #seenBytes = 0;
  #answer: Answer | undefined;

  /**
   * @param asked - the question's message, without its length
   * @param question - its record type and options
   */
  constructor(asked: Buffer, question: Pick<Question, "type" | "options">) {
    this.#asked = asked;
    this.#question = question;
    this.request = Buffer.concat([Uint8Array.of(asked.length >> 8, asked.length & 0xff), asked]);
  }

  /** The answer, once it was received whole; undefined before, and when the server sent something else. */
  get answer(): Answer | undefined {
    return this.#answer;
  }

  received(bytes: Uint8Array): Verdict | undefined {
    if (bytes.length === 0) return undefined;
    this.#pieces.push(Buffer.from(bytes));
    this.#seenBytes += bytes.length;
    const wanted = this.#wanted();
    if (wanted === undefined || this.#seenBytes < wanted) return undefined;
    const message = Buffer.concat(this.#pieces).subarray(LENGTH_BYTES, wanted);
    const reply = readReply(message, this.#asked, this.#question);
    switch (reply.kind) {
      case "answer":
        this.#answer = reply;
        return { ok: true, message: `answered ${reply.rcode}` };
      case "truncated":
        return failed("L7RSP", "answered with a truncated message");
      case "stray":
      case "malformed":
        return failed("L7RSP", `answered with ${reply.why}`);
    }
  }

  closed(): Verdict {
    return failed("L7RSP", `closed by peer after ${this.#seenBytes} bytes of the answer`);
  }

  progress(): string {
    return this.#seenBytes === 0 ? "" : `${this.#seenBytes} of ${this.#wanted() ?? "?"} bytes`;
  }

  /** Bytes of the whole answer with its length, once that was received. */
  #wanted(): number | undefined {
    const [first, second] = this.#pieces;
    const high = first?.[0];
    const low = first !== undefined && first.length > 1 ? first[1] : second?.[0];
    return high === undefined || low === undefined ? undefined : LENGTH_BYTES + ((high << 8) | low);
  }
}
