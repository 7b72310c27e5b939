/** Asks the references whether the network of this host works: pings an address, or connects to a port and resets the connection. */
import type { Logger } from "../logging/logger.ts";
import { type Address, formatAddress } from "../model/spec.ts";
import type { PendingConnection } from "../system/connection.ts";
import type { Dialer } from "../system/dialer.ts";
import type { EchoHandle } from "../system/echo-request.ts";
import { errnoMessage } from "../system/errno.ts";
import { sockAddr } from "../system/sockaddr.ts";

/** Questions to one reference that may be open; the oldest is canceled for a new one. */
const MAX_OPEN = 8;
const PING_BYTES = 56;

/** Address of a reference: to ping, or with a port to connect to. */
export interface ReferenceAddress {
  readonly ip: string;
  readonly port: number | undefined;
}

/** Parts of the runtime that references need. */
export interface ReferenceTools {
  readonly dialer: Dialer;
  /** The scheduler's clock; milliseconds. */
  readonly nowMs: () => number;
  readonly log: Logger;
}

/** Takes one question back. */
type Cancel = () => void;

/** All references of the configuration. */
export class References {
  readonly #addresses: readonly ReferenceAddress[];
  readonly #tools: ReferenceTools;
  readonly #answered: (askedMs: number) => void;
  readonly #open: Cancel[] = [];
  #hasWarned = false;

  /** @param answered - receives when the reference was asked that has answered now */
  constructor(
    addresses: readonly ReferenceAddress[],
    tools: ReferenceTools,
    answered: (askedMs: number) => void,
  ) {
    this.#addresses = addresses;
    this.#tools = tools;
    this.#answered = answered;
  }

  /** Asks all of them. */
  ask(): void {
    for (const { ip, port } of this.#addresses) {
      this.#open.push(port === undefined ? this.#ping(ip) : this.#connect({ ip, port }));
      if (this.#open.length > MAX_OPEN * this.#addresses.length) this.#open.shift()?.();
    }
  }

  /** Takes every question back. */
  cancel(): void {
    for (const cancel of this.#open.splice(0)) cancel();
  }

  #connect(address: Address): Cancel {
    const { dialer, nowMs } = this.#tools;
    const askedMs = nowMs();
    const dial = dialer.dial(sockAddr(address), {
      connected: (open: PendingConnection) => {
        dialer.close(open, "reset");
        this.#answered(askedMs);
      },
      failed: () => {},
    });
    return () => dialer.cancel(dial);
  }

  #ping(ip: string): Cancel {
    const { dialer, nowMs } = this.#tools;
    const askedMs = nowMs();
    const isIpv6 = ip.includes(":");
    const path = { key: `reference ${isIpv6}`, isIpv6, ttl: undefined, options: undefined };
    const target = { address: sockAddr({ ip, port: 0 }), ip, payloadBytes: PING_BYTES, path };
    const request = dialer.sendEcho(target, {
      settled: (settled) => {
        if (settled.outcome?.kind === "answer") this.#answered(askedMs);
        else this.#warn(ip, settled);
      },
      crashed: () => {},
    });
    return () => request.cancel();
  }

  /** A reference that this process may not ping would never answer. */
  #warn(ip: string, { outcome }: EchoHandle): void {
    if (this.#hasWarned || outcome?.kind !== "not-sent") return;
    const { setup, number } = outcome;
    if (setup?.noRoute === true) return;
    this.#hasWarned = true;
    const reason = setup?.message ?? errnoMessage(number);
    this.#tools.log.warn("Cannot ping the references of the network", { address: ip, reason });
  }

  /** Formats the addresses for logs. */
  toString(): string {
    const texts = this.#addresses.map(({ ip, port }) =>
      port === undefined ? ip : formatAddress({ ip, port }),
    );
    return texts.join(" ");
  }
}
