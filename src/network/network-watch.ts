/**
 * The gate of all monitors, with what it needs of the running process: a timer, the references, the routing table, and the log. Made by
 * the daemon; src/network/guard.ts decides.
 */
import { checkTypeOf } from "../checks/registry.ts";
import type { Logger } from "../logging/logger.ts";
import type { AnyCheckSpec } from "../model/spec.ts";
import type { GateMember, GateOwner, NetworkGate } from "../monitor/network-gate.ts";
import type { Clock } from "../system/clock.ts";
import type { Dialer } from "../system/dialer.ts";
import { lookUpRoute } from "../system/route-lookup.ts";
import type { RouteLoss } from "../system/route-loss.ts";
import type { SockAddr } from "../system/sockaddr.ts";
import { targetAddress } from "../system/socket-options.ts";
import { type BlindCounts, Guard } from "./guard.ts";
import { type ReferenceAddress, References } from "./references.ts";
import { Way } from "./way.ts";

/** Time between two looks while there is doubt: while a report is held, and otherwise. */
const PULSE_MS = 50;
const SLOW_PULSE_MS = 200;
/** Time between two questions to the references: while a report waits for them, and otherwise. */
const URGENT_ASK_MS = 8;
const ASK_MS = 100;
/** Minimum time between two lookups of the routing table, of which thousands of entries may change in a second. */
const LOOK_MS = 100;
/** The same while the way is gone and the table does not change. */
const GONE_LOOK_MS = 2_000;
/** Time from a new healthcheck to a lookup, for all that come within it. */
const JOIN_LOOK_MS = 500;

/** Settings of the watch. */
export interface NetworkSettings {
  readonly holdMs: number;
  /** Above 0; from 1 on no report is held. */
  readonly share: number;
  readonly references: readonly ReferenceAddress[];
}

/** Parts of the runtime that the watch needs. */
export interface NetworkTools {
  readonly clock: Clock;
  readonly dialer: Dialer;
  /** Calls back after some running time. @returns function that cancels it */
  readonly after: (delayMs: number, callback: () => void) => () => void;
  readonly log: Logger;
}

/** State of this host's network. */
export interface NetworkState {
  /** True while this host is probably cut off from its network. */
  readonly isBlind: boolean;
  /** Number of healthchecks whose change to unhealthy is held. */
  readonly held: number;
}

/** Watches the network of this host, and holds reports while it is probably cut off. */
export class NetworkWatch implements NetworkGate {
  readonly #tools: NetworkTools;
  readonly #guard: Guard;
  readonly #targets = new WeakMap<GateOwner, SockAddr>();
  readonly #way = new Way();
  #settings: NetworkSettings;
  #references: References;
  #askedMs = Number.NEGATIVE_INFINITY;
  #isPulsing = false;
  #isWayGone = false;
  #lookedMs = Number.NEGATIVE_INFINITY;
  /** Time of the look that is planned. */
  #nextLookMs = Number.POSITIVE_INFINITY;
  #cancelLook: (() => void) | undefined;

  constructor(settings: NetworkSettings, tools: NetworkTools) {
    this.#settings = settings;
    this.#tools = tools;
    this.#guard = new Guard(settings, {
      blinded: (counts) => this.#logBlind(counts),
      sighted: (counts, forMs) => this.#logSighted(counts, forMs),
      expired: (count) =>
        tools.log.warn("Network hold is over, reporting unhealthy", {
          count,
          hold_ms: this.#settings.holdMs,
        }),
      doubted: (nowMs, isUrgent) => this.#doubt(nowMs, isUrgent),
    });
    this.#references = this.#newReferences();
  }

  get holdMs(): number {
    return this.#settings.holdMs;
  }

  /** State of the network as the watch has found it. */
  get state(): NetworkState {
    return { isBlind: this.#guard.isBlind, held: this.#guard.held };
  }

  /** Applies other settings. */
  reconfigure(settings: NetworkSettings): void {
    this.#settings = settings;
    this.#references.cancel();
    this.#references = this.#newReferences();
    this.#guard.reconfigure(settings, this.#tools.clock.nowMs());
  }

  join(owner: GateOwner, check: AnyCheckSpec): GateMember | undefined {
    const destination = checkTypeOf(check).destination?.(check);
    if (destination === undefined) return undefined;
    const { ip, socket } = destination;
    const forwarding = socket?.forwarding;
    // The load balancer of this host sends a VIP's packets on to the backend.
    const target =
      forwarding === undefined
        ? targetAddress({ ip, port: 0 }, socket)
        : targetAddress({ ip: forwarding.host, port: 0 }, undefined);
    // Such a target answers without a network.
    if (target.local === true || lookUpRoute(target).source === target.ip) return undefined;
    this.#targets.set(owner, target);
    // A loss between two looks is recognized by what the last one has found.
    this.#lookIn(JOIN_LOOK_MS);
    return this.#guard.join(owner);
  }

  /** Links, addresses, routes or rules of this host have changed. @param losses - what went, and may be back already */
  routesChanged(losses: readonly RouteLoss[]): void {
    const nowMs = this.#tools.clock.nowMs();
    if (this.#settings.share < 1 && this.#way.isHit(losses)) this.#guard.wayInterrupted(nowMs);
    const waitMs = this.#lookedMs + LOOK_MS - nowMs;
    if (waitMs > 0) this.#lookIn(waitMs);
    else this.#look();
  }

  /** Takes open questions back; no more are asked. */
  stop(): void {
    this.#references.cancel();
    this.#cancelLook?.();
  }

  #lookIn(waitMs: number): void {
    const atMs = this.#tools.clock.nowMs() + waitMs;
    if (atMs >= this.#nextLookMs) return;
    this.#nextLookMs = atMs;
    this.#cancelLook?.();
    this.#cancelLook = this.#tools.after(waitMs, () => this.#look());
  }

  #look(): void {
    const nowMs = this.#tools.clock.nowMs();
    this.#cancelLook?.();
    this.#cancelLook = undefined;
    this.#nextLookMs = Number.POSITIVE_INFINITY;
    this.#lookedMs = nowMs;
    const { share } = this.#settings;
    if (share >= 1) return;
    const targets = this.#targetsOf(this.#guard.healthyOwners());
    const all = new Set(this.#targetsOf(this.#guard.owners()));
    const { isGone, wasInterrupted } = this.#way.look(targets, all, share);
    this.#isWayGone = isGone;
    if (wasInterrupted) this.#guard.wayInterrupted(nowMs);
    this.#guard.wayChanged(isGone, nowMs);
  }

  #targetsOf(owners: Iterable<GateOwner>): SockAddr[] {
    return [...owners].flatMap((owner) => this.#targets.get(owner) ?? []);
  }

  #newReferences(): References {
    const { clock, dialer, log } = this.#tools;
    const tools = { dialer, nowMs: () => clock.nowMs(), log };
    return new References(this.#settings.references, tools, (askedMs) =>
      this.#guard.referenceAnswered(askedMs, clock.nowMs()),
    );
  }

  #doubt(nowMs: number, isUrgent: boolean): void {
    if (nowMs - this.#askedMs >= (isUrgent ? URGENT_ASK_MS : ASK_MS)) {
      this.#askedMs = nowMs;
      this.#references.ask();
    }
    if (this.#isPulsing) return;
    this.#isPulsing = true;
    this.#tools.after(PULSE_MS, () => this.#pulse());
  }

  #pulse(): void {
    const nowMs = this.#tools.clock.nowMs();
    // Its backends may have left the configuration.
    if (this.#isWayGone && nowMs - this.#lookedMs >= GONE_LOOK_MS) this.#look();
    if (this.#guard.advance(nowMs)) {
      this.#tools.after(this.#guard.held > 0 ? PULSE_MS : SLOW_PULSE_MS, () => this.#pulse());
      this.#doubt(nowMs, false);
    } else {
      this.#isPulsing = false;
      this.#references.cancel();
    }
  }

  #logBlind({ healthy, failed, local, held }: BlindCounts): void {
    const { holdMs, references } = this.#settings;
    this.#tools.log.warn("Network blind, holding reports of unhealthy backends", {
      healthy,
      failed,
      no_route: local,
      held,
      hold_ms: holdMs,
      references: references.length,
    });
  }

  #logSighted({ healthy, failed, local, held }: BlindCounts, forMs: number): void {
    this.#tools.log.info("Network sighted again", {
      healthy,
      failed,
      no_route: local,
      held,
      blind_ms: Math.round(forMs),
    });
  }
}
