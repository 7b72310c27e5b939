/** A DNS question over TCP (RFC 7766), for answers that do not fit into a datagram; a conversation of the exchange. */
import type { Conversation, Verdict } from "./conversation.ts";
import { failed } from "./conversation.ts";
import { encodeQuestion, judgeAnswer, type Question, readReply } from "./dns-message.ts";

const LENGTH_BYTES = 2;

/** See the head of the file. */
export class DnsTcpConversation implements Conversation {
  readonly request: Uint8Array;
  readonly #question: Question;
  readonly #expectedIps: readonly string[];
  #seen = Buffer.alloc(0);

  constructor(question: Question, expectedIps: readonly string[]) {
    this.#question = question;
    this.#expectedIps = expectedIps;
    const message = encodeQuestion(question);
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt16BE(message.length);
    this.request = Buffer.concat([length, message]);
  }

  received(bytes: Uint8Array): Verdict | undefined {
    this.#seen = Buffer.concat([this.#seen, bytes]);
    const wanted = this.#wanted();
    if (wanted === undefined || this.#seen.length < wanted) return undefined;
    const reply = readReply(this.#seen.subarray(LENGTH_BYTES, wanted), this.#question);
    switch (reply.kind) {
      case "answer":
        return judgeAnswer(reply.rcode, reply.answers, this.#question, this.#expectedIps);
      case "truncated":
        return failed("L7RSP", "answered over TCP with a truncated message");
      case "stray":
        return failed("L7RSP", `answered over TCP with ${reply.why}`);
    }
  }

  closed(): Verdict {
    return failed("L7RSP", `closed by peer after ${this.#seen.length} bytes of the answer`);
  }

  progress(): string {
    return this.#seen.length === 0 ? "" : `${this.#seen.length} of ${this.#wanted() ?? "?"} bytes`;
  }

  /** Bytes of the whole answer with its length, once that has come. */
  #wanted(): number | undefined {
    return this.#seen.length < LENGTH_BYTES ? undefined : LENGTH_BYTES + this.#seen.readUInt16BE(0);
  }
}
