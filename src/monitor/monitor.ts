/**
 * The life of one healthcheck: the scheduler starts it when due; it runs its checker within the timeout, applies each result to its
 * state, and reports both to the observers. Created, reconfigured and stopped by the manager.
 *
 * Counts of results exist twice: per healthcheck in its {@link MonitorRecord}, which is written directly because it is on the hot
 * path, and in total in the metrics, which observe.
 */

import type { Attempt, Checker } from "../checks/checker.ts";
import { formatDuration } from "../model/duration.ts";
import { describeError } from "../model/format-value.ts";
import { clip, MAX_SENTENCE_BYTES, sentence } from "../model/printable.ts";
import {
  type CheckResult,
  type Conclusive,
  formatResult,
  type Inconclusive,
  inconclusive,
  withSafeMessage,
} from "../model/result.ts";
import type { HealthcheckSpec } from "../model/spec.ts";
import { type State, type Status, UNKNOWN } from "../model/status.ts";
import type { Scheduler, Startable, TimerEntry } from "../scheduler/scheduler.ts";
import type { Clock } from "../system/clock.ts";
import { type DampedHealth, type Damping, type DampingNow, damp, dampingAt } from "./damping.ts";
import {
  evidenceOf,
  type GateMember,
  type GateOwner,
  localEvidence,
  type NetworkGate,
} from "./network-gate.ts";
import { describeOverride, type Override } from "./override.ts";
import type { MonitorRecord } from "./record.ts";
import { type Pace, type Phase, paceOf } from "./schedule.ts";
import { Timetable } from "./timetable.ts";
import { type Health, transition, UNKNOWN_HEALTH } from "./transition.ts";

/** A change of a healthcheck's state. */
export interface StateTransition {
  readonly from: State;
  readonly to: State;
  /** Result that caused it. */
  readonly result: Conclusive;
}

/** Outcome of one check, after the monitor has applied it to its state. */
export interface Settlement {
  readonly result: CheckResult;
  /** Milliseconds from the check's due time to its start. */
  readonly latenessMs: number;
  /** Undefined when the state stays. */
  readonly transition: StateTransition | undefined;
  /** Set when damping began or ended with this result. */
  readonly damping?: "began" | "ended" | undefined;
  /** True if the result agrees with the state from before a restart, which is reported from here on. */
  readonly confirmed?: boolean;
}

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
export interface Memory {
  readonly health: Health;
  readonly status: Status;
  readonly damping?: Damping | undefined;
}

/** Added to the message of a healthcheck that is damped. */
const DAMPED_NOTE = " (damped: stays unhealthy until it stops flapping)";
const MAX_NOTED_BYTES = MAX_SENTENCE_BYTES - "L4TOUT ".length - DAMPED_NOTE.length;

/** State and counters of an equal check in an earlier process. They are provisional until a check agrees with them. */
export interface EarlierState {
  readonly state: Exclude<State, "unknown">;
  /** Wall-clock time of the last state change. */
  readonly sinceMs: number;
  readonly successes: number;
  readonly failures: number;
  /** Wall-clock time at which the earlier process was last alive. */
  readonly aliveMs: number;
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

/** An interruption is attributed to a stall of this process if the stall took this share of the timeout, or {@link MAX_STALL_MS}. */
const STALL_SHARE = 0.25;
const MAX_STALL_MS = 250;

/** Runs one healthcheck and keeps its state. */
export class Monitor implements Startable, GateOwner {
  readonly #env: MonitorEnv;
  readonly #checker: Checker;
  readonly #timetable: Timetable;
  readonly #deadline: TimerEntry;
  #spec: HealthcheckSpec;
  #health: Health = UNKNOWN_HEALTH;
  #damping: Damping | undefined;
  #status: Status = UNKNOWN;
  #sinceMs: number;
  #earlier: EarlierState | undefined;
  #isProvisional = false;
  #override: Override | undefined;
  #forcedStatus: Status | undefined;
  #attempt: Attempt | undefined;
  /** Lateness and start times of the check under way, and the total stalled time at its start. */
  #latenessMs = 0;
  #startedAtMs = 0;
  #startedAtWallMs = 0;
  #stalledBeforeMs = 0;
  #stopped = false;
  readonly #member: GateMember | undefined;
  readonly #reached = () => this.#member?.reached(this.#env.clock.nowMs());
  /** The failure whose state change is held, and the damping that the change brings with it. */
  #held: { readonly result: Conclusive; readonly damping: Damping | undefined } | undefined;
  /** First check since which this host has had no route to the target; without the time that this process was stalled. */
  #noRouteSinceMs: number | undefined;
  #safeMessage = "";
  #formatted = { code: "", message: "", isDamped: false, text: "" };

  /** @param record - receives the history for metrics and the status page; undefined if neither is served */
  constructor(
    spec: HealthcheckSpec,
    checker: Checker,
    env: MonitorEnv,
    readonly record?: MonitorRecord,
  ) {
    this.#spec = spec;
    this.#sinceMs = env.clock.wallMs();
    this.#checker = checker;
    this.#env = env;
    this.#timetable = new Timetable(spec, this, env);
    this.#deadline = env.scheduler.timer(() => this.#expire());
    this.#member = env.gate?.join(this, spec.check);
  }

  get intervalMs(): number {
    return this.#spec.intervalMs;
  }

  /** True while the change to unhealthy is held, because this host may be cut off from the network. */
  get isHeld(): boolean {
    return this.#held !== undefined;
  }

  /** Current configuration. */
  get spec(): HealthcheckSpec {
    return this.#spec;
  }

  /** Current status: the forced one, or else the measured one; `unknown` before the first conclusive result, and while the state is {@link provisional}. */
  get status(): Status {
    return this.#forcedStatus ?? this.#status;
  }

  /** Current state: the forced one, or else the measured one. */
  get state(): State {
    return this.#forcedStatus?.state ?? this.#health.state;
  }

  /** The operator's decision in effect. */
  get override(): Override | undefined {
    return this.#override;
  }

  /** Applies an operator's decision, or ends it: a forced state is in the status from here on, a pause cancels the check under way. */
  applyOverride(override: Override | undefined): void {
    const wasPaused = this.#isPaused;
    this.#override = override;
    this.#force();
    if (this.#stopped || this.#isPaused === wasPaused) return;
    if (this.#isPaused) {
      this.#timetable.pause();
      this.#env.scheduler.cancelTimer(this.#deadline);
      this.#attempt?.cancel();
      this.#attempt = undefined;
      return;
    }
    this.#timetable.resume();
  }

  get #isPaused(): boolean {
    return this.#override?.action === "paused";
  }

  /** Puts a forced state in place of the measured one, whose sentence it ends with. */
  #force(): void {
    const override = this.#override;
    if (override === undefined || override.action === "paused") {
      this.#forcedStatus = undefined;
      return;
    }
    const measured = this.#status;
    const found = measured.message === "" ? "" : `; checks find: ${measured.message}`;
    this.#forcedStatus = {
      ...measured,
      state: override.action,
      lastCheckMs: measured.lastCheckMs ?? this.#env.clock.wallMs(),
      message: sentence(`${describeOverride(override)}${found}`),
    };
  }

  /** Measured state, also while it is {@link provisional} or another one is forced, and the current runs of successes or failures. */
  get health(): Health {
    return this.#health;
  }

  /** Damping of the backend at this moment; undefined for a healthcheck without damping. */
  get damping(): DampingNow | undefined {
    const { damping: spec } = this.#spec;
    return spec && dampingAt(this.#damping, this.#health.state, spec, this.#env.clock.nowMs());
  }

  /** True while the backend flaps and therefore stays unhealthy. */
  get isDamped(): boolean {
    return this.#damping?.isDamped === true;
  }

  /** Pace of the next check. */
  get pace(): Pace {
    const { consecutiveSuccesses, consecutiveFailures } = this.#health;
    const measured = this.#measured;
    const against = measured === "unhealthy" ? consecutiveSuccesses : consecutiveFailures;
    return paceOf(this.#spec, measured, measured === "unknown" ? 0 : against);
  }

  /** Start of the next check, by the wall clock; undefined when it is due already, or the healthcheck has stopped. */
  get nextStartWallMs(): number | undefined {
    const { clock } = this.#env;
    const { nextMs } = this.#timetable;
    return nextMs === undefined ? undefined : clock.wallMs() + nextMs - clock.nowMs();
  }

  /** Wall-clock time of the last state change; for `unknown`, of the creation of the monitor. */
  get sinceMs(): number {
    return this.#sinceMs;
  }

  /** State from before a restart, while no check has agreed with it yet; it is not reported. Undefined at any other time. */
  get provisional(): EarlierState | undefined {
    return this.#isProvisional ? this.#earlier : undefined;
  }

  /** Counters that an earlier process has counted; part of those in {@link status}. */
  get countedEarlier(): Pick<Status, "successes" | "failures"> {
    return this.#earlier ?? UNKNOWN;
  }

  /** State and counters, for a monitor that continues with them. */
  get memory(): Memory {
    return { health: this.#health, status: this.#status, damping: this.#damping };
  }

  /** State by the results alone; while damped, another one may be reported. */
  get #measured(): State {
    return this.#damping?.measured ?? this.#health.state;
  }

  get #isDown(): boolean {
    return this.#measured === "unhealthy";
  }

  /** Continues with the state and counters of another monitor; before the start. @param memory - of an equal check */
  inherit({ health, status, damping }: Memory): void {
    this.#health = health;
    this.#status = status;
    this.#damping = damping;
    this.#member?.became(health.state === "healthy", this.#env.clock.nowMs());
  }

  /**
   * Continues with the state of an earlier process; before the start. `fall` and `rise` count from it, and its runs of successes and
   * failures start again. It is reported once a check agrees with it.
   */
  restore(earlier: EarlierState): void {
    this.#earlier = earlier;
    this.#isProvisional = true;
    this.#health = { ...UNKNOWN_HEALTH, state: earlier.state };
    this.#status = { ...UNKNOWN, successes: earlier.successes, failures: earlier.failures };
    this.#sinceMs = earlier.sinceMs;
    this.#member?.became(earlier.state === "healthy", this.#env.clock.nowMs());
  }

  /** Start of the newest check, on the scheduler's clock. */
  get startedAtMs(): number {
    return this.#startedAtMs;
  }

  /** Milliseconds from the due time of the newest check to its start. */
  get latenessMs(): number {
    return this.#latenessMs;
  }

  /** True while a check is under way. */
  get running(): boolean {
    return this.#attempt !== undefined;
  }

  /**
   * Schedules the first check.
   *
   * @param firstMs - its start
   * @param phase - place of the later checks on their grid
   */
  start(firstMs: number, phase: Phase): void {
    this.#timetable.start(firstMs, phase, this.#isDown);
  }

  /**
   * Applies another interval, timeout, damping or thresholds; state, counters and the check under way stay.
   *
   * @param phase - place on the grid of the new interval; without effect unless an interval changes
   */
  reconfigure(spec: HealthcheckSpec, phase: Phase): void {
    this.#spec = spec;
    if (this.#health.consecutiveFailures < spec.fall) this.#held = undefined;
    this.#timetable.reconfigure(spec, phase, this.#isDown);
  }

  /** Stops the healthcheck permanently; a check under way is canceled, and its result is not reported. */
  stop(): void {
    this.#stopped = true;
    this.#timetable.cancel();
    this.#env.scheduler.cancelTimer(this.#deadline);
    this.#attempt?.cancel();
    this.#attempt = undefined;
    this.#held = undefined;
    this.#member?.leave(this.#env.clock.nowMs());
  }

  begin(dueMs: number, nowMs: number): void {
    if (this.#stopped || this.#isPaused) return;
    const { clock, scheduler } = this.#env;
    const running = this.#attempt !== undefined;
    const skipped = this.#timetable.came(dueMs, nowMs, running ? this.#startedAtMs : undefined);
    if (skipped > 0) this.#skip(skipped, running ? "running" : "late");
    if (running) return;
    this.#latenessMs = nowMs - dueMs;
    this.#startedAtMs = nowMs;
    this.#startedAtWallMs = clock.wallMs();
    this.#stalledBeforeMs = scheduler.stalledMs;
    this.#member?.began(nowMs);
    this.#run();
  }

  #skip(count: number, why: "running" | "late"): void {
    this.record?.skip(count);
    for (const observer of this.#env.observers) observer.skipped(this, count, why);
  }

  #run(): void {
    const { timeoutMs } = this.#spec;
    this.#env.scheduler.callAfter(this.#deadline, timeoutMs);
    try {
      const attempt = this.#checker.start(
        timeoutMs,
        (result) => {
          // A check that was canceled may still report a result.
          if (this.#attempt === attempt) this.#settle(result);
        },
        this.#reached,
      );
      this.#attempt = attempt;
    } catch (error) {
      this.#settle(inconclusive("fault", describeError(error)));
    }
  }

  #expire(): void {
    const attempt = this.#attempt;
    if (attempt === undefined) return;
    try {
      this.#settle(attempt.expire());
    } catch (error) {
      // Without a result the check would count as running, and would never be started again.
      if (this.#attempt === attempt) this.#settle(inconclusive("fault", describeError(error)));
      else throw error;
    }
  }

  #settle(found: CheckResult): void {
    const { scheduler, observers } = this.#env;
    scheduler.cancelTimer(this.#deadline);
    this.#attempt = undefined;
    const result = this.#safe(this.#bounded(this.#ownError(found) ?? found));
    this.record?.finished(result, this.#startedAtWallMs, this.#latenessMs);
    const wasDamped = this.isDamped;
    let transition: StateTransition | undefined;
    const wasProvisional = this.#isProvisional;
    if (result.outcome === "inconclusive") this.#inconclusive(result);
    else transition = this.#apply(result);
    const damping = wasDamped === this.isDamped ? undefined : wasDamped ? "ended" : "began";
    const confirmed = wasProvisional && !this.#isProvisional && transition === undefined;
    const settlement: Settlement = { result, latenessMs: this.#latenessMs, transition, damping, confirmed };
    for (const observer of observers) observer.settled(this, settlement);
  }

  /**
   * Makes a failure inconclusive if this process may be its cause: the backend closed the connection while the process stalled, or the
   * answer came late while the process stalled; a paused virtual machine looks the same.
   */
  #ownError(result: CheckResult): CheckResult | undefined {
    if (result.outcome !== "failure" || (!result.interrupted && !result.late)) return undefined;
    const stalledMs = this.#env.scheduler.stalledMs - this.#stalledBeforeMs;
    const { timeoutMs } = this.#spec;
    const excused = result.late
      ? result.durationMs - stalledMs <= timeoutMs
      : stalledMs >= Math.min(MAX_STALL_MS, timeoutMs * STALL_SHARE);
    if (!excused) return undefined;
    return inconclusive("stalled", `${result.message} (event loop stalled for ${Math.round(stalledMs)}ms)`);
  }

  /** Makes a failure of a check that has had no route for too long: packets that this host forwards would go the same way. */
  #bounded(result: CheckResult): CheckResult {
    if (result.outcome !== "inconclusive") {
      this.#noRouteSinceMs = undefined;
      return result;
    }
    const holdMs = this.#env.gate?.holdMs;
    if (result.noRoute !== true || holdMs === undefined) return result;
    // While this process was stopped, nothing was checked.
    const runningMs = this.#env.scheduler.activeMs;
    this.#noRouteSinceMs ??= runningMs;
    if (runningMs - this.#noRouteSinceMs < holdMs) return result;
    const message = `${result.message}, for ${formatDuration(holdMs)} now`;
    return { outcome: "failure", code: "L4CON", message, durationMs: 0, phases: {} };
  }

  #inconclusive(result: Inconclusive): void {
    this.#member?.ended(localEvidence(result), false, this.#env.clock.nowMs());
    this.#timetable.repeatSoon(this.pace);
  }

  checkSoon(): void {
    if (!this.#stopped && this.#attempt === undefined) this.#timetable.startNow();
  }

  release(): void {
    if (this.#held === undefined) return;
    const { result, damping } = this.#held;
    const { state: from } = this.#health;
    this.#health = { ...this.#health, state: "unhealthy" };
    this.#isProvisional = false;
    this.#damping = damping;
    this.#status = { ...this.#status, state: "unhealthy", message: this.#format(result) };
    this.#timetable.repace(this.pace, true);
    this.#force();
    const change = this.#changed(from, this.#noted(result));
    // A damped backend is unhealthy, so no other one has a change that is held.
    const edge = this.isDamped ? "began" : undefined;
    for (const observer of this.#env.observers) observer.released(this, change, edge);
  }

  /** The state is another one from now on. */
  #changed(from: State, result: Conclusive): StateTransition {
    const { state: to } = this.#health;
    const { clock } = this.#env;
    this.#held = undefined;
    this.#member?.became(to === "healthy", clock.nowMs());
    this.#sinceMs = clock.wallMs();
    this.record?.changed(from, to);
    return { from, to, result };
  }

  /** Asks whether a state change may be reported now. @returns the health that may */
  #admitted(before: Health, { health: next, damping }: DampedHealth, result: Conclusive): Health {
    const falls = before.state === "healthy" && next.state === "unhealthy";
    const evidence = evidenceOf(result, this.#noRouteSinceMs !== undefined);
    const isAdmitted = this.#member?.ended(evidence, falls, this.#env.clock.nowMs()) ?? true;
    this.#held = isAdmitted ? undefined : { result, damping };
    return isAdmitted ? next : { ...next, state: "healthy" };
  }

  /** Applies a result. @returns the state change that it caused, if any */
  #apply(result: Conclusive): StateTransition | undefined {
    const success = result.outcome === "success";
    const before = this.#health;
    const next = this.#measure(success);
    const health = this.#admitted(before, next, result);
    // A change that is held may be this host's fault: it adds nothing to the penalty until it is reported.
    if (this.#held === undefined) this.#damping = next.damping;
    this.#health = health;
    this.#timetable.repace(this.pace, this.#isDown);
    if (success === (health.state === "healthy")) this.#isProvisional = false;
    this.#status = {
      state: this.#isProvisional ? "unknown" : health.state,
      lastCheckMs: this.#startedAtWallMs,
      durationMs: result.durationMs,
      failures: this.#status.failures + (success ? 0 : 1),
      successes: this.#status.successes + (success ? 1 : 0),
      message: this.#format(result),
    };
    this.#force();
    return health.state === before.state ? undefined : this.#changed(before.state, this.#noted(result));
  }

  /** Returns the health after a result. Only a healthcheck with damping pays for it. */
  #measure(success: boolean): DampedHealth {
    const { damping: spec } = this.#spec;
    if (spec === undefined && this.#damping === undefined)
      return { health: transition(this.#health, success, this.#spec), damping: undefined };
    const before = { health: this.#health, damping: this.#damping };
    return damp(before, success, this.#spec, spec, this.#env.clock.nowMs());
  }

  /** Adds to a result that its backend is damped, if it is. */
  #noted(result: Conclusive): Conclusive {
    if (!this.isDamped) return result;
    return { ...result, message: `${clip(result.message, MAX_NOTED_BYTES)}${DAMPED_NOTE}` };
  }

  /** The hot path: of results that are alike, one after the other, only the first is made safe and formatted. */
  #safe(result: CheckResult): CheckResult {
    if (result.message === this.#safeMessage) return result;
    const safe = withSafeMessage(result);
    this.#safeMessage = safe.message;
    return safe;
  }

  #format(result: Conclusive): string {
    const { code, message } = result;
    const isDamped = this.isDamped;
    const last = this.#formatted;
    if (code === last.code && message === last.message && isDamped === last.isDamped) return last.text;
    this.#formatted = { code, message, isDamped, text: formatResult(this.#noted(result)) };
    return this.#formatted.text;
  }
}
