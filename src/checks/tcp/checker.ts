/** The tcp checker: a connection, optionally with TLS, data to send, and data to expect. */
import { formatAddress, formatVia } from "../../model/spec.ts";
import { byteSecrets, type Secrets } from "../../redaction/secrets.ts";
import type { Checker, CheckerEnv } from "../checker.ts";
import { type Conversation, type ConversationFactory, failed, type Verdict } from "../conversation.ts";
import { excerpt, MAX_SHOWN_BYTES } from "../excerpt.ts";
import { Exchange } from "../exchange.ts";
import { ExchangePlan } from "../exchange-plan.ts";
import type { TcpSpec } from "./spec.ts";

/** Makes a tcp checker. */
export function tcpChecker(spec: TcpSpec, env: CheckerEnv): Checker {
  const { address, tls, close, handshake, socket } = spec;
  const plan = new ExchangePlan(env, address, tls, conversationFactory(spec), close, handshake, socket);
  return { start: (timeoutMs, done, reached) => new Exchange(plan, timeoutMs, done, reached) };
}

function conversationFactory(spec: TcpSpec): ConversationFactory | undefined {
  if (spec.send === undefined && spec.receive === undefined) return undefined;
  const request = spec.send;
  const expected = Buffer.from(spec.receive ?? []);
  const secrets = byteSecrets(spec.send ?? new Uint8Array());
  return {
    subject: `TCP ${request === undefined ? "read from" : "send to"} ${formatAddress(spec.address)}${formatVia(spec.socket)}`,
    begin: () => new PrefixConversation(request, expected, secrets),
  };
}

/** Expects the answer to start with certain bytes; with none expected, any byte will do. */
export class PrefixConversation implements Conversation {
  /** Bytes received, as many as are expected or may be shown. */
  #seen = Buffer.alloc(0);

  /**
   * Creates the conversation. @param secrets - hidden where the answer repeats them: many protocols repeat a command
   * that they reject, password included
   */
  constructor(
    readonly request: Uint8Array | undefined,
    readonly expected: Buffer,
    readonly secrets?: Secrets,
  ) {}

  received(bytes: Uint8Array): Verdict | undefined {
    const wanted = this.expected.length;
    const most = Math.max(wanted, MAX_SHOWN_BYTES);
    this.#seen = Buffer.concat([this.#seen, bytes.subarray(0, most - this.#seen.length)]);
    const length = Math.min(wanted, this.#seen.length);
    if (this.expected.compare(this.#seen, 0, length, 0, length) !== 0) {
      const shown = excerpt(this.#seen, this.secrets);
      return failed("L7RSP", `answer starts with ${shown}, expected ${excerpt(this.expected)}`);
    }
    return length === wanted ? { ok: true, message: "answered as expected" } : undefined;
  }

  closed(): Verdict {
    if (this.expected.length === 0) return failed("L7RSP", "closed by peer without an answer");
    return failed(
      "L7RSP",
      `closed by peer after ${this.#seen.length} of ${this.expected.length} expected bytes`,
    );
  }

  progress(): string {
    return this.#seen.length === 0 ? "" : `${this.#seen.length} of ${this.expected.length} expected bytes`;
  }
}
