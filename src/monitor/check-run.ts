/**
 * The run of one check: started with its deadline, ended exactly once, by the checker, by the deadline or by an exception. A failure that
 * this process or this host may have caused does not leave it as a failure of the backend. Owned by a monitor; on the hot path.
 */
import type { Attempt, Checker, OnReached, OnResult } from "../checks/checker.ts";
import { describeError } from "../model/format-value.ts";
import { type CheckResult, inconclusive } from "../model/result.ts";
import type { Scheduler, TimerEntry } from "../scheduler/scheduler.ts";
import type { Clock } from "../system/clock.ts";
import type { NetworkGate } from "./network-gate.ts";
import { excuseStall, mayBeStall, noRouteFailure } from "./own-fault.ts";

/** Environment of the runs. */
interface RunEnv {
  readonly clock: Clock;
  readonly scheduler: Pick<Scheduler, "timer" | "callAfter" | "cancelTimer" | "stalledMs" | "activeMs">;
  /** Without it a check without a route is always inconclusive. */
  readonly gate?: Pick<NetworkGate, "holdMs">;
}

/** Runs the checks of one healthcheck, one at a time. */
export class CheckRun {
  readonly #checker: Checker;
  readonly #env: RunEnv;
  readonly #ended: OnResult;
  readonly #reached: OnReached;
  readonly #deadline: TimerEntry;
  /** Undefined while no check is under way. */
  #attempt: Attempt | undefined;
  #timeoutMs = 0;
  #latenessMs = 0;
  #startedAtMs = 0;
  #startedAtWallMs = 0;
  /** Total stalled time at the start. */
  #stalledBeforeMs = 0;
  /** First check since which this host has had no route to the target; without the time that this process was stalled. */
  #noRouteSinceMs: number | undefined;

  /**
   * @param ended - receives the result of each check that is not canceled
   * @param reached - receives that a packet of the backend has come back
   */
  constructor(checker: Checker, env: RunEnv, ended: OnResult, reached: OnReached) {
    this.#checker = checker;
    this.#env = env;
    this.#ended = ended;
    this.#reached = reached;
    this.#deadline = env.scheduler.timer(() => this.#expire());
  }

  /** True while a check is under way. */
  get isRunning(): boolean {
    return this.#attempt !== undefined;
  }

  /** Start of the newest check, on the scheduler's clock. */
  get startedAtMs(): number {
    return this.#startedAtMs;
  }

  /** Start of the newest check, on the wall clock. */
  get startedAtWallMs(): number {
    return this.#startedAtWallMs;
  }

  /** Milliseconds from the due time of the newest check to its start. */
  get latenessMs(): number {
    return this.#latenessMs;
  }

  /** True since a check for which this host had no route, until a check has another verdict. */
  get hasNoRoute(): boolean {
    return this.#noRouteSinceMs !== undefined;
  }

  /** Begins a check; the last one must have ended. */
  begin(dueMs: number, nowMs: number, timeoutMs: number): void {
    const { clock, scheduler } = this.#env;
    this.#timeoutMs = timeoutMs;
    this.#latenessMs = nowMs - dueMs;
    this.#startedAtMs = nowMs;
    this.#startedAtWallMs = clock.wallMs();
    this.#stalledBeforeMs = scheduler.stalledMs;
    scheduler.callAfter(this.#deadline, timeoutMs);
    try {
      const attempt = this.#checker.start(
        timeoutMs,
        (result) => {
          // A check that was canceled may still report a result.
          if (this.#attempt === attempt) this.#end(result);
        },
        this.#reached,
      );
      this.#attempt = attempt;
    } catch (error) {
      this.#end(inconclusive("fault", describeError(error)));
    }
  }

  /** Cancels the check under way, if there is one: it has no result. */
  cancel(): void {
    this.#env.scheduler.cancelTimer(this.#deadline);
    this.#attempt?.cancel();
    this.#attempt = undefined;
  }

  #expire(): void {
    const attempt = this.#attempt;
    if (attempt === undefined) return;
    try {
      this.#end(attempt.expire());
    } catch (error) {
      // Without a result the check would count as running, and would never be started again.
      if (this.#attempt === attempt) this.#end(inconclusive("fault", describeError(error)));
      else throw error;
    }
  }

  #end(found: CheckResult): void {
    this.#env.scheduler.cancelTimer(this.#deadline);
    this.#attempt = undefined;
    this.#ended(this.#bounded(this.#excused(found)));
  }

  #excused(result: CheckResult): CheckResult {
    if (!mayBeStall(result)) return result;
    return excuseStall(result, this.#env.scheduler.stalledMs - this.#stalledBeforeMs, this.#timeoutMs);
  }

  /** A check without a route is inconclusive for the hold of the network, and then a failure. */
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
    return runningMs - this.#noRouteSinceMs < holdMs ? result : noRouteFailure(result.message, holdMs);
  }
}
