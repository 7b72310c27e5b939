/** The tcp checker: a connection, with TLS if wanted, and if wanted something said and something expected back. */
import type { TcpSpec } from "../model/spec.ts";
import { formatAddress } from "../model/spec.ts";
import type { Checker, CheckerEnv } from "./checker.ts";
import { type Conversation, type Dialogue, failed, type Verdict } from "./conversation.ts";
import { excerpt } from "./excerpt.ts";
import { Exchange, ExchangePlan } from "./exchange.ts";

/** Makes a tcp checker. */
export function tcpChecker(spec: TcpSpec, env: CheckerEnv): Checker {
  const plan = new ExchangePlan(env, spec.address, spec.tls, dialogue(spec), spec.close);
  return { start: (timeoutMs, done) => new Exchange(plan, timeoutMs, done) };
}

function dialogue(spec: TcpSpec): Dialogue | undefined {
  if (spec.send === undefined && spec.receive === undefined) return undefined;
  const request = spec.send;
  const expected = Buffer.from(spec.receive ?? []);
  return {
    subject: `TCP ${request === undefined ? "read from" : "send to"} ${formatAddress(spec.address)}`,
    begin: () => new PrefixConversation(request, expected),
  };
}

/** Expects the answer to start with certain bytes; with none expected, any byte will do. */
export class PrefixConversation implements Conversation {
  #seen = Buffer.alloc(0);

  constructor(
    readonly request: Uint8Array | undefined,
    readonly expected: Buffer,
  ) {}

  received(bytes: Uint8Array): Verdict | undefined {
    const wanted = this.expected.length;
    this.#seen = Buffer.concat([this.#seen, bytes.subarray(0, wanted - this.#seen.length)]);
    const matches = this.expected.subarray(0, this.#seen.length).equals(this.#seen);
    if (!matches)
      return failed("L7RSP", `answer starts with ${this.#shown()}, expected ${excerpt(this.expected)}`);
    return this.#seen.length === wanted ? { ok: true, message: "answered as expected" } : undefined;
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

  /** Many protocols repeat a command that they refuse, password and all. */
  #shown(): string {
    return excerpt(this.#seen, Buffer.from(this.request ?? []).toString("latin1"));
  }
}
