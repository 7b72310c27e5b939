/**
 * The status of one healthcheck as clients receive it: counters and sentence of the newest result; `unknown` while the state is from an
 * earlier process and no check has agreed with it; in place of both the state that an operator forces. Owned by a monitor; on the hot path.
 */
import { sentence } from "../model/printable.ts";
import type { Conclusive } from "../model/result.ts";
import { type State, type Status, UNKNOWN } from "../model/status.ts";
import type { Clock } from "../system/clock.ts";
import type { Damping } from "./damping.ts";
import { describeOverride, isForced, type Override } from "./override.ts";

/** Part of a status that the status of another healthcheck with an equal check can continue with. */
export interface ReportedMemory {
  readonly status: Status;
  /** Counters of an earlier process, part of those in the status. */
  readonly earlier?: EarlierState | undefined;
  /** True while the state is from an earlier process and no check has agreed with it. */
  readonly isProvisional?: boolean;
}

/** State and counters of an equal check in an earlier process. They are provisional until a check agrees with them. */
export interface EarlierState {
  readonly state: Exclude<State, "unknown">;
  /** Wall-clock time of the last state change. */
  readonly sinceMs: number;
  readonly successes: number;
  readonly failures: number;
  /** Damping after the last result, its time on the scheduler's clock of this process; absent if the penalty was too small to matter. */
  readonly damping?: Damping | undefined;
  /** Time at which the earlier process was last alive, on the clock of this boot; negative for a process of the boot before. */
  readonly aliveBootMs: number;
}

/** Keeps the status of one healthcheck. */
export class ReportedStatus {
  readonly #clock: Clock;
  /** Status without the override. */
  #found: Status = UNKNOWN;
  #forced: Status | undefined;
  #override: Override | undefined;
  #sinceMs: number;
  #earlier: EarlierState | undefined;
  #isProvisional = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceMs = clock.wallMs();
  }

  /** Status as it is reported. */
  get status(): Status {
    return this.#forced ?? this.#found;
  }

  /** Status by the results alone, whatever an operator forces, for another healthcheck that continues with it. */
  get memory(): ReportedMemory {
    return { status: this.#found, earlier: this.#earlier, isProvisional: this.#isProvisional };
  }

  /** State that an operator forces; undefined if none. */
  get forcedState(): State | undefined {
    return this.#forced?.state;
  }

  /** The operator's decision in effect. */
  get override(): Override | undefined {
    return this.#override;
  }

  /** Wall-clock time of the last state change; for `unknown`, of the creation. */
  get sinceMs(): number {
    return this.#sinceMs;
  }

  /** True while the state is from an earlier process and no check has agreed with it. */
  get isProvisional(): boolean {
    return this.#isProvisional;
  }

  /** State of an earlier process, while it is not reported; undefined at any other time. */
  get provisional(): EarlierState | undefined {
    return this.#isProvisional ? this.#earlier : undefined;
  }

  /** Counters that an earlier process has counted; part of those in {@link status}. */
  get countedEarlier(): Pick<Status, "successes" | "failures"> {
    return this.#earlier ?? UNKNOWN;
  }

  /** Continues with the status of another monitor, in place of a restored one; before the first check. */
  inherit({ status, earlier, isProvisional = false }: ReportedMemory): void {
    this.#found = status;
    this.#earlier = earlier;
    this.#isProvisional = isProvisional;
    this.#force();
  }

  /** Continues with the counters of an earlier process; before the first check. Its state is reported once a check agrees with it. */
  restore(earlier: EarlierState): void {
    this.#earlier = earlier;
    this.#isProvisional = true;
    this.#found = { ...UNKNOWN, successes: earlier.successes, failures: earlier.failures };
    this.#sinceMs = earlier.sinceMs;
  }

  /**
   * Applies a result.
   *
   * @param state - the measured state after it
   * @param isDown - true if the backend is unhealthy by the results alone; a damped backend may be healthy by them
   * @param startedAtWallMs - start of the check, on the wall clock
   * @param message - code and sentence
   */
  apply(result: Conclusive, state: State, isDown: boolean, startedAtWallMs: number, message: string): void {
    const success = result.outcome === "success";
    if (success !== isDown) this.#isProvisional = false;
    this.#found = {
      state: this.#isProvisional ? "unknown" : state,
      lastCheckMs: startedAtWallMs,
      durationMs: result.durationMs,
      failures: this.#found.failures + (success ? 0 : 1),
      successes: this.#found.successes + (success ? 1 : 0),
      message,
    };
    this.#force();
  }

  /** Applies a change to unhealthy that was held; its result has been counted. */
  release(message: string): void {
    this.#isProvisional = false;
    this.#found = { ...this.#found, state: "unhealthy", message };
    this.#force();
  }

  /** Notes that the measured state changed now. */
  changed(): void {
    this.#sinceMs = this.#clock.wallMs();
  }

  /** Applies an operator's decision; undefined ends it. */
  applyOverride(override: Override | undefined): void {
    this.#override = override;
    this.#force();
  }

  /** Puts a forced state in place of the measured one, whose sentence it ends with. */
  #force(): void {
    const override = this.#override;
    if (!isForced(override)) {
      this.#forced = undefined;
      return;
    }
    const { message, lastCheckMs } = this.#found;
    this.#forced = {
      ...this.#found,
      state: override.action,
      lastCheckMs: lastCheckMs ?? this.#clock.wallMs(),
      message: sentence(`${describeOverride(override)}${message === "" ? "" : `; checks find: ${message}`}`),
    };
  }
}
