/**
 * The udp checker: sends one datagram from a socket of its own, once more if nothing comes back, and the first datagram of the backend or the
 * first ICMP error decides.
 */
import { formatAddress, formatVia } from "../../model/spec.ts";
import { byteSecrets, type Secrets } from "../../redaction/secrets.ts";
import type { Checker, CheckerEnv } from "../checker.ts";
import { failed, type Verdict } from "../conversation.ts";
import { type DatagramConversation, DatagramExchange, DatagramPlan } from "../datagram-exchange.ts";
import { validateDatagram } from "./answer.ts";
import type { UdpSpec } from "./spec.ts";

/** Makes a udp checker. */
export function udpChecker(spec: UdpSpec, env: CheckerEnv): Checker {
  const { address, socket } = spec;
  const plan = new DatagramPlan(
    env,
    address,
    socket,
    `UDP send to ${formatAddress(address)}${formatVia(socket)}`,
  );
  // It keeps nothing of one check, so all share it.
  const conversation = new UdpConversation(spec);
  return { start: (timeoutMs, done) => new DatagramExchange(plan, conversation, timeoutMs, done) };
}

/** The datagram of a healthcheck, and what must come back. */
class UdpConversation implements DatagramConversation {
  readonly request: Uint8Array;
  readonly #expected: Buffer;
  readonly #needsAnswer: boolean;
  readonly #secrets: Secrets | undefined;

  constructor({ send, receive, expect }: UdpSpec) {
    this.request = send ?? new Uint8Array();
    this.#expected = Buffer.from(receive ?? []);
    this.#needsAnswer = expect === "answer";
    this.#secrets = send === undefined ? undefined : byteSecrets(send);
  }

  received(bytes: Uint8Array): Verdict {
    return validateDatagram(bytes, this.#expected, this.#secrets);
  }

  expired(within: string): Verdict {
    return this.#needsAnswer
      ? failed("L4TOUT", `no answer ${within}`)
      : { ok: true, message: `no ICMP error ${within}` };
  }
}
