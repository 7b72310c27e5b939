/**
 * The radius checker: one request from a socket of its own, sent once more with the same bytes if no answer comes. The first authentic answer or
 * the first ICMP error decides. Other datagrams do not, since anyone could have sent them; the first of them is the reason if no answer comes.
 */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { formatAddress, formatVia } from "../../model/spec.ts";
import { Secrets } from "../../redaction/secrets.ts";
import type { Checker, CheckerEnv } from "../checker.ts";
import { failed, type Verdict } from "../conversation.ts";
import { type DatagramConversation, DatagramExchange, DatagramPlan } from "../datagram-exchange.ts";
import { validateAnswer } from "./answer.ts";
import { encodeRequest, MAX_VALUE_BYTES, type RadiusRequest, type RequestId, readAnswer } from "./packet.ts";
import type { Expectation, RadiusSpec } from "./spec.ts";

/** Length of a request authenticator (RFC 2865, 3). */
const AUTHENTICATOR_BYTES = 16;

/** Makes a radius checker. */
export function radiusChecker(spec: RadiusSpec, env: CheckerEnv): Checker {
  const { address, socket, login } = spec;
  const request = login === undefined ? "Status-Server" : "Access-Request";
  const plan = new DatagramPlan(
    env,
    address,
    socket,
    `RADIUS ${request} to ${formatAddress(address)}${formatVia(socket)}`,
  );
  const parts = new RadiusParts(spec);
  return {
    start: (timeoutMs, done) => new DatagramExchange(plan, new RadiusConversation(parts), timeoutMs, done),
  };
}

/** Everything about a healthcheck's requests that stays the same from one to the next. */
class RadiusParts {
  readonly request: RadiusRequest;
  readonly expect: Expectation | undefined;
  readonly secrets: Secrets;

  constructor({ secret, nasIdentifier, login }: RadiusSpec) {
    const bytes = Buffer.from(secret);
    this.request = {
      secret: bytes,
      nasIdentifier: Buffer.from(nasIdentifier ?? (hostname() || "localhost")).subarray(0, MAX_VALUE_BYTES),
      login: login && { username: Buffer.from(login.username), password: Buffer.from(login.password) },
    };
    this.expect = login?.expect;
    const password = this.request.login?.password ?? Buffer.alloc(0);
    this.secrets = new Secrets([bytes.toString("latin1"), password.toString("latin1")]);
  }
}

/** One request and its answer. */
class RadiusConversation implements DatagramConversation {
  readonly request: Uint8Array;
  readonly #parts: RadiusParts;
  readonly #id: RequestId;
  #stray: string | undefined;

  constructor(parts: RadiusParts) {
    const random = randomBytes(1 + AUTHENTICATOR_BYTES);
    this.#parts = parts;
    this.#id = { identifier: random.readUInt8(0), authenticator: random.subarray(1) };
    this.request = encodeRequest(parts.request, this.#id);
  }

  received(bytes: Uint8Array): Verdict | undefined {
    const { request, expect, secrets } = this.#parts;
    const answer = readAnswer(bytes, request.secret, this.#id);
    if (answer.kind !== "stray") return validateAnswer(answer, expect, secrets);
    this.#stray ??= answer.problem;
    return undefined;
  }

  expired(within: string): Verdict {
    return this.#stray === undefined
      ? failed("L7TOUT", `no answer ${within}; servers ignore unknown clients and wrong secrets`)
      : failed("L7RSP", `no valid answer ${within}: ${this.#stray}`);
  }
}
