/**
 * The life of one healthcheck: the scheduler starts it when due (`timetable.ts`), it runs its checker (`check-run.ts`), applies each result to its
 * state (`measured-state.ts`) and to what clients receive (`reported-status.ts`), and calls the observers. Created, reconfigured and
 * stopped by the manager.
 *
 * Counts of results exist twice: per healthcheck in its {@link MonitorRecord}, which is written directly because it is on the hot
 * path, and in total in the metrics, which observe.
 */

import type { Checker } from "../checks/checker.ts";
import type { CheckResult, Conclusive, Inconclusive } from "../model/result.ts";
import type { HealthcheckSpec } from "../model/spec.ts";
import type { State, Status } from "../model/status.ts";
import type { Scheduler, Startable } from "../scheduler/scheduler.ts";
import type { Clock } from "../system/clock.ts";
import { CheckRun } from "./check-run.ts";
import type { Damping, DampingNow } from "./damping.ts";
import { MeasuredState } from "./measured-state.ts";
import type { GateOwner, NetworkGate } from "./network-gate.ts";
import type { Override } from "./override.ts";
import type { MonitorRecord } from "./record.ts";
import { type EarlierState, type ReportedMemory, ReportedStatus } from "./reported-status.ts";
import { noted, ResultText } from "./result-text.ts";
import type { Pace, Phase } from "./schedule.ts";
import type { Settlement, StateTransition } from "./settlement.ts";
import { Timetable } from "./timetable.ts";
import { type Health, UNKNOWN_HEALTH } from "./transition.ts";

/** Receives the events of all monitors. Called from within ticks: must return quickly and must not throw. */
export interface MonitorObserver {
  /** Receives the end of a check; the monitor's state and status are the new ones. */
  settled(monitor: Monitor, settlement: Settlement): void;
  /** Receives starts that were left out: the previous check still ran, or the process did not run in time. */
  skipped(monitor: Monitor, count: number, why: "running" | "late"): void;
  /**
   * Receives a state change that was held until now; it belongs to a check that was reported by {@link settled}.
   *
   * @param damping - that the change damps the backend, if it does
   */
  released(monitor: Monitor, transition: StateTransition, damping?: "began"): void;
}

/** Part of a monitor that another one of an equal check can continue with. */
export interface Memory extends ReportedMemory {
  readonly health: Health;
  readonly damping?: Damping | undefined;
}

/** Environment that all monitors share. */
export interface MonitorEnv {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** Called in this order. */
  readonly observers: readonly MonitorObserver[];
  /** Holds reports while this host may be cut off; nothing is held without it. */
  readonly gate?: NetworkGate;
}

/** Runs one healthcheck and keeps its state. */
export class Monitor implements Startable, GateOwner {
  readonly #env: MonitorEnv;
  readonly #timetable: Timetable;
  readonly #run: CheckRun;
  readonly #measured: MeasuredState;
  readonly #reported: ReportedStatus;
  readonly #text = new ResultText();
  #spec: HealthcheckSpec;
  #stopped = false;

  /** @param record - receives the history for metrics and the status page; undefined if neither is served */
  constructor(
    spec: HealthcheckSpec,
    checker: Checker,
    env: MonitorEnv,
    readonly record?: MonitorRecord,
  ) {
    this.#spec = spec;
    this.#env = env;
    this.#reported = new ReportedStatus(env.clock);
    this.#timetable = new Timetable(spec, this, env);
    this.#measured = new MeasuredState(env.clock, env.gate?.join(this, spec.check));
    this.#run = new CheckRun(
      checker,
      env,
      (result) => this.#settle(result),
      () => this.#measured.reached(),
    );
  }

  /** Current configuration. */
  get spec(): HealthcheckSpec {
    return this.#spec;
  }

  get intervalMs(): number {
    return this.#spec.intervalMs;
  }

  /** Current status: the forced one, or else the measured one; `unknown` before the first conclusive result, and while the state is {@link provisional}. */
  get status(): Status {
    return this.#reported.status;
  }

  /** Current state: the forced one, or else the measured one. */
  get state(): State {
    return this.#reported.forcedState ?? this.#measured.state;
  }

  /** Measured state, also while it is {@link provisional} or another one is forced, and the current runs of successes or failures. */
  get health(): Health {
    return this.#measured.health;
  }

  /** The operator's decision in effect. */
  get override(): Override | undefined {
    return this.#reported.override;
  }

  /** True while the change to unhealthy is held, because this host may be cut off from the network. */
  get isHeld(): boolean {
    return this.#measured.isHeld;
  }

  /** True while the backend flaps and therefore stays unhealthy. */
  get isDamped(): boolean {
    return this.#measured.isDamped;
  }

  /** Damping of the backend at this moment; undefined for a healthcheck without damping. */
  get damping(): DampingNow | undefined {
    const { damping } = this.#spec;
    return damping && this.#measured.dampingNow(damping);
  }

  /** Pace of the next check. */
  get pace(): Pace {
    return this.#measured.paceOf(this.#spec);
  }

  /** Start of the next check, by the wall clock; undefined when it is due already, or the healthcheck has stopped. */
  get nextStartWallMs(): number | undefined {
    const { clock } = this.#env;
    const { nextMs } = this.#timetable;
    return nextMs === undefined ? undefined : clock.wallMs() + nextMs - clock.nowMs();
  }

  /** Wall-clock time of the last state change; for `unknown`, of the creation of the monitor. */
  get sinceMs(): number {
    return this.#reported.sinceMs;
  }

  /** State from before a restart, while no check has agreed with it yet; it is not reported. Undefined at any other time. */
  get provisional(): EarlierState | undefined {
    return this.#reported.provisional;
  }

  /** Counters that an earlier process has counted; part of those in {@link status}. */
  get countedEarlier(): Pick<Status, "successes" | "failures"> {
    return this.#reported.countedEarlier;
  }

  /** State and counters, for a monitor that continues with them. */
  get memory(): Memory {
    const { health, damping } = this.#measured;
    return { ...this.#reported.memory, health, damping };
  }

  /** Start of the newest check, on the scheduler's clock. */
  get startedAtMs(): number {
    return this.#run.startedAtMs;
  }

  /** Milliseconds from the due time of the newest check to its start. */
  get latenessMs(): number {
    return this.#run.latenessMs;
  }

  /** True while a check is under way. */
  get running(): boolean {
    return this.#run.isRunning;
  }

  /** Continues with the state and counters of another monitor; before the start. @param memory - of an equal check */
  inherit(memory: Memory): void {
    this.#reported.inherit(memory);
    this.#measured.resume(memory.health, memory.damping);
  }

  /**
   * Continues with the state and the damping of an earlier process; before the start. `fall` and `rise` count from it, and its runs of
   * successes and failures start again. It is reported once a check agrees with it.
   */
  restore(earlier: EarlierState): void {
    this.#reported.restore(earlier);
    this.#measured.resume({ ...UNKNOWN_HEALTH, state: earlier.state }, earlier.damping);
  }

  /**
   * Schedules the first check.
   *
   * @param firstMs - its start
   * @param phase - place of the later checks on their grid
   */
  start(firstMs: number, phase: Phase): void {
    this.#timetable.start(firstMs, phase, this.#measured.isDown);
  }

  /**
   * Applies another interval, timeout, damping or thresholds; state, counters and the check under way stay.
   *
   * @param phase - place on the grid of the new interval; without effect unless an interval changes
   */
  reconfigure(spec: HealthcheckSpec, phase: Phase): void {
    this.#spec = spec;
    this.#measured.reconfigure(spec.fall);
    this.#timetable.reconfigure(spec, phase, this.#measured.isDown);
  }

  /** Applies an operator's decision, or ends it: a forced state is in the status from here on, a pause cancels the check under way. */
  applyOverride(override: Override | undefined): void {
    const wasPaused = this.#isPaused;
    this.#reported.applyOverride(override);
    if (this.#stopped || this.#isPaused === wasPaused) return;
    if (wasPaused) {
      this.#timetable.resume();
      return;
    }
    this.#timetable.pause();
    this.#run.cancel();
    this.#measured.pause();
  }

  /** Stops the healthcheck permanently; a check under way is canceled, and its result is not reported. */
  stop(): void {
    this.#stopped = true;
    this.#timetable.cancel();
    this.#run.cancel();
    this.#measured.stop();
  }

  begin(dueMs: number, nowMs: number): void {
    if (this.#stopped || this.#isPaused) return;
    const { isRunning } = this.#run;
    const skipped = this.#timetable.came(dueMs, nowMs, isRunning ? this.#run.startedAtMs : undefined);
    if (skipped > 0) this.#skip(skipped, isRunning ? "running" : "late");
    if (isRunning) return;
    this.#measured.began(nowMs);
    this.#run.begin(dueMs, nowMs, this.#spec.timeoutMs);
  }

  checkSoon(): void {
    if (!this.#stopped && !this.#run.isRunning) this.#timetable.startNow();
  }

  release(): void {
    const { state: from } = this.#measured;
    const result = this.#measured.release();
    if (result === undefined) return;
    const { isDamped } = this.#measured;
    this.#timetable.repace(this.pace, true);
    this.#reported.release(this.#text.format(result, isDamped));
    const transition = this.#changed(from, result);
    // A damped backend is unhealthy, so no other one has a change that is held.
    const damping = isDamped ? "began" : undefined;
    for (const observer of this.#env.observers) observer.released(this, transition, damping);
  }

  get #isPaused(): boolean {
    return this.#reported.override?.action === "paused";
  }

  #skip(count: number, why: "running" | "late"): void {
    this.record?.skip(count);
    for (const observer of this.#env.observers) observer.skipped(this, count, why);
  }

  /** Applies a result of the run. */
  #settle(found: CheckResult): void {
    const { startedAtWallMs, latenessMs } = this.#run;
    const result = this.#text.safe(found);
    this.record?.finished(result, startedAtWallMs, latenessMs);
    const wasDamped = this.isDamped;
    const wasProvisional = this.#reported.isProvisional;
    const transition = result.outcome === "inconclusive" ? this.#passOver(result) : this.#apply(result);
    const damping = wasDamped === this.isDamped ? undefined : wasDamped ? "ended" : "began";
    const confirmed = wasProvisional && !this.#reported.isProvisional && transition === undefined;
    const settlement: Settlement = { result, latenessMs, transition, damping, confirmed };
    for (const observer of this.#env.observers) observer.settled(this, settlement);
  }

  #passOver(result: Inconclusive): undefined {
    this.#measured.passOver(result);
    this.#timetable.repeatSoon(this.pace);
  }

  /** @returns the state change that the result caused, if any */
  #apply(result: Conclusive): StateTransition | undefined {
    const { state: from } = this.#measured;
    this.#measured.apply(result, this.#spec, this.#run.hasNoRoute);
    const { state: to, isDamped, isDown } = this.#measured;
    this.#timetable.repace(this.pace, isDown);
    const message = this.#text.format(result, isDamped);
    this.#reported.apply(result, to, isDown, this.#run.startedAtWallMs, message);
    return to === from ? undefined : this.#changed(from, result);
  }

  /** The measured state is another one from now on. */
  #changed(from: State, result: Conclusive): StateTransition {
    const { state: to, isDamped } = this.#measured;
    this.#reported.changed();
    this.record?.changed(from, to);
    return { from, to, result: noted(result, isDamped) };
  }
}
