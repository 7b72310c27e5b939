/**
 * The port between a monitor and what decides whether this host may be cut off from its network (`src/network`): results go in, and a
 * healthcheck that has failed asks whether it may be reported unhealthy now.
 */
import { type Conclusive, type Inconclusive, isLayer4 } from "../model/result.ts";
import type { AnyCheckSpec } from "../model/spec.ts";

/**
 * Evidence of a result about the network of this host. `answered`: a packet of the backend came back. `silent`: a failure at layer 4. `late`: the backend was
 * reached, and then nothing came in time, or the connection ended early: a firewall of this host can reset it. `local`: this host did not send. `nothing`: any other fault of this host.
 */
export type NetworkEvidence = "answered" | "silent" | "late" | "local" | "nothing";

/** A monitor as the gate sees it. */
export interface GateOwner {
  readonly intervalMs: number;
  /** Reports the unhealthy state that was held. */
  release(): void;
  /** Starts the next check now, unless one is running. */
  checkSoon(): void;
}

/** One monitor's place at the gate. All times are milliseconds on the scheduler's clock. */
export interface GateMember {
  /** A check begins. */
  began(nowMs: number): void;
  /** A packet of the backend came back; its check continues. */
  reached(nowMs: number): void;
  /**
   * A check ended.
   *
   * @param falls - true when the result makes a healthy healthcheck unhealthy
   * @returns false when that must be held until {@link GateOwner.release}; always true unless `falls`
   */
  ended(evidence: NetworkEvidence, falls: boolean, nowMs: number): boolean;
  /** The state that is reported from now on. */
  became(isHealthy: boolean, nowMs: number): void;
  /** The monitor has stopped. */
  leave(nowMs: number): void;
}

/** Decides for all monitors. */
export interface NetworkGate {
  /** Longest time for which a check is inconclusive because this host has no route; milliseconds. */
  readonly holdMs: number;
  /** Takes a monitor in. @returns undefined for a check that says nothing about the network: its target is on this host */
  join(owner: GateOwner, check: AnyCheckSpec): GateMember | undefined;
}

/** Returns what a conclusive result says about the network. @param wasLocal - true for a failure because this host had no route for too long */
export function evidenceOf(result: Conclusive, wasLocal: boolean): NetworkEvidence {
  if (wasLocal) return "local";
  if (result.outcome === "success") return "answered";
  if (isLayer4(result)) return "silent";
  const isLate = result.code === "L6TOUT" || result.code === "L7TOUT" || result.interrupted === true;
  return isLate ? "late" : "answered";
}

/** Returns what an inconclusive result says about the network: a missing route, or a firewall of this host. */
export function localEvidence({ cause }: Inconclusive): NetworkEvidence {
  return cause === "network" || cause === "permission" ? "local" : "nothing";
}
