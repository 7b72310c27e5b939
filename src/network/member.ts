/** One healthcheck in the eyes of the guard. It passes what its monitor reports on to the guard, which keeps its notes about it here. */
import type { GateMember, GateOwner, NetworkEvidence } from "../monitor/network-gate.ts";

/** Kind of failure of a healthcheck's last check, which speaks against this host's network. */
export type Failure = "none" | "silent" | "local";

/** Receives the events of every member; see {@link GateMember}. */
export interface MemberEvents {
  began(member: Member, nowMs: number): void;
  reached(member: Member, nowMs: number): void;
  ended(member: Member, evidence: NetworkEvidence, falls: boolean, nowMs: number): boolean;
  became(member: Member, isHealthy: boolean, nowMs: number): void;
  leave(member: Member, nowMs: number): void;
}

/** One healthcheck. */
export class Member implements GateMember {
  readonly #events: MemberEvents;
  /** Number of the check under way or last ended; negative for one of an unhealthy backend. */
  number = -1;
  /** Start of the check under way or last ended, on the scheduler's clock. */
  startedMs = 0;
  /** End of the check that ended last. */
  endedMs = 0;
  /** Since when its report is held without a break; undefined while none is. */
  heldMs: number | undefined;
  /** True while it is reported healthy. */
  isHealthy = false;
  failure: Failure = "none";

  /** @param place - index in the guard's list */
  constructor(
    events: MemberEvents,
    readonly owner: GateOwner,
    public place: number,
  ) {
    this.#events = events;
  }

  began(nowMs: number): void {
    this.#events.began(this, nowMs);
  }

  reached(nowMs: number): void {
    this.#events.reached(this, nowMs);
  }

  ended(evidence: NetworkEvidence, falls: boolean, nowMs: number): boolean {
    return this.#events.ended(this, evidence, falls, nowMs);
  }

  became(isHealthy: boolean, nowMs: number): void {
    this.#events.became(this, isHealthy, nowMs);
  }

  leave(nowMs: number): void {
    this.#events.leave(this, nowMs);
  }
}
