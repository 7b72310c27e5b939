/**
 * The state that the results of one healthcheck amount to: `rise` and `fall`, then damping, then the gate, which may hold a change to unhealthy while
 * this host may be cut off. Pure functions decide each step (`transition.ts`, `damping.ts`, `src/network`). Owned by a monitor; on the hot path.
 */
import type { Conclusive, Inconclusive } from "../model/result.ts";
import type { DampingSpec, HealthcheckSpec } from "../model/spec.ts";
import type { State } from "../model/status.ts";
import type { Clock } from "../system/clock.ts";
import { type DampedHealth, type Damping, type DampingNow, damp, dampingAt } from "./damping.ts";
import { evidenceOf, type GateMember, localEvidence } from "./network-gate.ts";
import { type Pace, paceOf } from "./schedule.ts";
import { type Health, transition, UNKNOWN_HEALTH } from "./transition.ts";

/** A change to unhealthy that is held. */
interface Held {
  /** The failure that caused it. */
  readonly result: Conclusive;
  /** The damping that the change brings with it. */
  readonly damping: Damping | undefined;
}

/** Applies results to the state of one healthcheck. */
export class MeasuredState {
  readonly #clock: Clock;
  readonly #member: GateMember | undefined;
  #health: Health = UNKNOWN_HEALTH;
  #damping: Damping | undefined;
  #held: Held | undefined;

  /** @param member - place at the gate; undefined if nothing is held */
  constructor(clock: Clock, member: GateMember | undefined) {
    this.#clock = clock;
    this.#member = member;
  }

  /** State with damping and hold, and the current runs of successes or failures. */
  get health(): Health {
    return this.#health;
  }

  /** State with damping and hold. */
  get state(): State {
    return this.#health.state;
  }

  /** Damping after the last result; undefined while the penalty is too small to matter. */
  get damping(): Damping | undefined {
    return this.#damping;
  }

  /** True while the backend flaps and therefore stays unhealthy. */
  get isDamped(): boolean {
    return this.#damping?.isDamped === true;
  }

  /** True while the change to unhealthy is held. */
  get isHeld(): boolean {
    return this.#held !== undefined;
  }

  /** True if the backend is unhealthy by the results alone; a damped backend may be healthy by them. */
  get isDown(): boolean {
    return this.#measured === "unhealthy";
  }

  /** State by the results alone. */
  get #measured(): State {
    return this.#damping?.measured ?? this.#health.state;
  }

  /** Returns the damping at this moment. @param spec - of the healthcheck */
  dampingNow(spec: DampingSpec): DampingNow {
    return dampingAt(this.#damping, this.#health.state, spec, this.#clock.nowMs());
  }

  /** Returns the pace of the next check. */
  paceOf(spec: HealthcheckSpec): Pace {
    const { consecutiveSuccesses, consecutiveFailures } = this.#health;
    const measured = this.#measured;
    const against = measured === "unhealthy" ? consecutiveSuccesses : consecutiveFailures;
    return paceOf(spec, measured, measured === "unknown" ? 0 : against);
  }

  /** Continues with another state; before the first check. */
  resume(health: Health, damping: Damping | undefined): void {
    this.#health = health;
    this.#damping = damping;
    this.#became();
  }

  /** Notes that a check begins. */
  began(nowMs: number): void {
    this.#member?.began(nowMs);
  }

  /** Notes that a packet of the backend came back; the check continues. */
  reached(): void {
    this.#member?.reached(this.#clock.nowMs());
  }

  /** Notes a check without a verdict: the state stays. */
  passOver(result: Inconclusive): void {
    this.#member?.ended(localEvidence(result), false, this.#clock.nowMs());
  }

  /**
   * Applies a result.
   *
   * @param hasNoRoute - true for a failure because this host had no route for too long
   */
  apply(result: Conclusive, spec: HealthcheckSpec, hasNoRoute: boolean): void {
    const from = this.#health.state;
    const next = this.#next(result.outcome === "success", spec);
    const falls = from === "healthy" && next.health.state === "unhealthy";
    const evidence = evidenceOf(result, hasNoRoute);
    if (this.#member?.ended(evidence, falls, this.#clock.nowMs()) ?? true) {
      this.#held = undefined;
      this.#health = next.health;
      this.#damping = next.damping;
    } else {
      // It may be this host's fault: it adds nothing to the penalty until it is reported.
      this.#held = { result, damping: next.damping };
      this.#health = { ...next.health, state: "healthy" };
    }
    if (this.#health.state !== from) this.#became();
  }

  /** Applies the change that is held. @returns the failure that caused it; undefined if none is held */
  release(): Conclusive | undefined {
    const held = this.#held;
    if (held === undefined) return undefined;
    this.#held = undefined;
    this.#health = { ...this.#health, state: "unhealthy" };
    this.#damping = held.damping;
    this.#became();
    return held.result;
  }

  /** Applies another `fall`: a change that it does not make any more is held no longer. */
  reconfigure(fall: number): void {
    if (this.#health.consecutiveFailures < fall) this.#held = undefined;
  }

  /** Gives a change up that is held: the checks of a pause do not come to confirm it, and the state stays. */
  pause(): void {
    this.#held = undefined;
  }

  /** Leaves the gate. */
  stop(): void {
    this.#held = undefined;
    this.#member?.leave(this.#clock.nowMs());
  }

  /** Returns the health after a result. Only a healthcheck with damping pays for it. */
  #next(success: boolean, spec: HealthcheckSpec): DampedHealth {
    if (spec.damping === undefined && this.#damping === undefined)
      return { health: transition(this.#health, success, spec), damping: undefined };
    const before = { health: this.#health, damping: this.#damping };
    return damp(before, success, spec, spec.damping, this.#clock.nowMs());
  }

  #became(): void {
    this.#member?.became(this.#health.state === "healthy", this.#clock.nowMs());
  }
}
