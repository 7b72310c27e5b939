/**
 * The simulated network: a dialer whose connections succeed, are refused, or get no answer, as the backend behind the port does at that
 * moment. It keeps what really happened to each connection, so that the oracle can hold every verdict against it.
 */
import { type DialOwner, PendingConnection } from "../../src/system/connection.ts";
import type { Descriptors } from "../../src/system/descriptors.ts";
import type { Dialer } from "../../src/system/dialer.ts";
import type { EchoHandle } from "../../src/system/echo-request.ts";
import { ECONNREFUSED, EMFILE } from "../../src/system/errno.ts";
import type { PlainStream } from "../../src/system/plain-stream.ts";
import type { SockAddr } from "../../src/system/sockaddr.ts";
import type { UdpConnection } from "../../src/system/udp.ts";

/** Answers of a backend to a connection. */
export type Behavior = "accept" | "refuse" | "drop";

/** Fate of a connection: `canceled` by its owner before the network had an outcome, `local` for a fault of this host. */
export type Outcome = "connected" | "refused" | "local" | "canceled";

/** One connection as the network saw it. */
export interface Fact {
  readonly port: number;
  readonly startMs: number;
  readonly startStalledMs: number;
  readonly startStalls: number;
  /** Arrival of the backend's answer; infinity for a dropped SYN. */
  readonly readyMs: number;
  outcome: Outcome | undefined;
  endMs: number;
}

/** A backend. */
export interface Backend {
  behavior: Behavior;
  /** Until it answers. */
  latencyMs: number;
}

interface UnderWay {
  readonly dial: PendingConnection;
  readonly fact: Fact;
  readonly outcome: Exclude<Outcome, "canceled">;
}

const REFUSING: Backend = { behavior: "refuse", latencyMs: 0 };

/** The world, as the network sees it. */
export interface NetworkWorld {
  nowMs(): number;
  /** Milliseconds that the process has stalled so far. */
  stalledMs(): number;
  /** Stalls so far. */
  stalls(): number;
  /** Receives an exception of a connection's owner; the others are served all the same. */
  fault(error: unknown): void;
}

/** The dialer of the simulation. */
export class Network implements Dialer {
  /** By port. */
  readonly backends = new Map<number, Backend>();
  /** The newest connection of each port. */
  readonly facts = new Map<number, Fact>();
  /** While set, the kernel has no descriptor, whatever the count says. */
  kernelShortage = false;
  /** Connections to one port at the same time: a check that overlaps itself. */
  overlaps = 0;
  readonly #world: NetworkWorld;
  readonly #descriptors: Descriptors;
  readonly #underWay = new Map<PendingConnection, UnderWay>();
  #serial = 0;

  constructor(world: NetworkWorld, descriptors: Descriptors) {
    this.#world = world;
    this.#descriptors = descriptors;
  }

  get pending(): number {
    return this.#underWay.size;
  }

  dial(address: SockAddr, owner: DialOwner): PendingConnection {
    const port = address.port ?? 0;
    const nowMs = this.#world.nowMs();
    const before = this.facts.get(port);
    if (before !== undefined && before.outcome === undefined) this.overlaps++;
    const taken = this.#descriptors.acquire();
    if (taken && this.kernelShortage) this.#descriptors.release();
    const local = !taken || this.kernelShortage;
    const dial = new PendingConnection(local ? -1 : 1, owner, this.#serial++, address);
    const { behavior, latencyMs } = this.backends.get(port) ?? REFUSING;
    const fact: Fact = {
      port,
      startMs: nowMs,
      startStalledMs: this.#world.stalledMs(),
      startStalls: this.#world.stalls(),
      readyMs: local ? nowMs : behavior === "drop" ? Number.POSITIVE_INFINITY : nowMs + latencyMs,
      outcome: undefined,
      endMs: 0,
    };
    this.facts.set(port, fact);
    const outcome = local ? "local" : behavior === "accept" ? "connected" : "refused";
    this.#underWay.set(dial, { dial, fact, outcome });
    return dial;
  }

  openUdp(): UdpConnection {
    throw new Error("the simulated network carries no datagrams");
  }

  sendEcho(): EchoHandle {
    throw new Error("there is no network to send ICMP over");
  }

  poll(): void {
    const nowMs = this.#world.nowMs();
    for (const underWay of [...this.#underWay.values()]) {
      if (underWay.fact.readyMs > nowMs || !underWay.dial.waiting) continue;
      try {
        this.#report(underWay, nowMs);
      } catch (error) {
        this.#world.fault(error);
      }
    }
  }

  cancel(dial: PendingConnection): void {
    const underWay = this.#underWay.get(dial);
    if (underWay === undefined) return;
    this.#end(underWay, "canceled", this.#world.nowMs());
    if (dial.fd >= 0) this.#descriptors.release();
  }

  close(): void {
    this.#descriptors.release();
  }

  converse(): PlainStream {
    throw new Error("the simulation has bare connections only");
  }

  handOver(): void {}

  released(): void {}

  linger(): void {}

  settled(): void {}

  #report(underWay: UnderWay, nowMs: number): void {
    const { dial, outcome, fact } = underWay;
    this.#end(underWay, outcome, nowMs);
    if (outcome === "connected") dial.owner.connected(dial, fact.readyMs - fact.startMs);
    else {
      if (dial.fd >= 0) this.#descriptors.release();
      dial.owner.failed(outcome === "local" ? EMFILE : ECONNREFUSED);
    }
  }

  #end({ dial, fact }: UnderWay, outcome: Outcome, nowMs: number): void {
    dial.waiting = false;
    this.#underWay.delete(dial);
    fact.outcome = outcome;
    fact.endMs = nowMs;
  }
}
