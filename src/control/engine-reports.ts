/**
 * The reports of states to the engine: one call at a time, batch after batch, and the same entries again after a failure, in their newest
 * states. Owned by the engine's control plane, which fetches sets meanwhile.
 */
import type { Logger } from "../logging/logger.ts";
import type { HealthcheckId } from "../model/id.ts";
import { roundMs } from "../model/phases.ts";
import type { Notification } from "../model/status.ts";
import { Waiters } from "../model/waiters.ts";
import type { EngineClient } from "./engine-client.ts";
import type { EngineFailure } from "./engine-failures.ts";
import type { CallSpan, EngineTracingProvider } from "./engine-tracing.ts";
import { ReportQueue } from "./report-queue.ts";

/** Settings of the reports. */
export interface ReportSettings {
  /** Pause after a failed report. */
  readonly retryDelayMs: number;
  readonly maxBatch: number;
}

/** Parts of the control plane that the reports need. */
export interface ReportTools {
  readonly client: EngineClient;
  readonly tracing: EngineTracingProvider;
  readonly log: Logger;
  /** Counts and logs a failed report. @returns its reason */
  readonly failed: (error: unknown, span: CallSpan) => EngineFailure;
  /** Receives that a report did not reach the engine, or would reach another one. */
  readonly unreachable: () => void;
  /**
   * Returns true while the engine at the socket is the one whose set is applied: a successor may use the same ids for other healthchecks.
   */
  readonly mayReport: () => boolean;
}

/** Reports states to the engine. */
export class EngineReports {
  readonly #tools: ReportTools;
  readonly #queue = new ReportQueue();
  readonly #stopped = new AbortController();
  readonly #drainWaiters = new Waiters();
  /** Ends the pause after a failed report. */
  readonly #retryWaiters = new Waiters();
  #settings: ReportSettings;
  #problem: string | undefined;
  #isReporting = false;
  #isStopping = false;
  /** True when the engine is away while this process stops: nothing more is reported to it. */
  #isGone = false;

  constructor(settings: ReportSettings, tools: ReportTools) {
    this.#settings = settings;
    this.#tools = tools;
  }

  /** Number of healthchecks whose state has not been accepted yet. */
  get size(): number {
    return this.#queue.size;
  }

  /** Reason why the last report failed; undefined after a good one. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Applies other settings, from the next batch on. */
  reconfigure(settings: ReportSettings): void {
    this.#settings = settings;
  }

  /** Reports the known states of a batch, after those that are queued. */
  put(batch: readonly Notification[]): void {
    for (const notification of batch)
      if (notification.status.state !== "unknown") this.#queue.put(notification);
    if (!this.#isReporting) void this.#report();
  }

  /** Drops the states of other healthchecks. @param keeps - returns true for an id that stays */
  retain(keeps: (id: HealthcheckId) => boolean): void {
    this.#queue.retain(keeps);
  }

  /** Repeats a failed report now: the engine is back. */
  retryNow(): void {
    this.#retryWaiters.release();
  }

  /**
   * Stops to report. Queued states are reported before, until the signal aborts.
   *
   * @param mayFlush - false drops them: the engine has not asked for any
   * @param isAway - true if the engine is away
   */
  async stop(mayFlush: boolean, isAway: boolean, signal: AbortSignal): Promise<void> {
    this.#isStopping = true;
    this.#isGone = isAway;
    this.#retryWaiters.release();
    // Without an engine no time is lost at the end.
    if (mayFlush && this.#isReporting) await this.#drainWaiters.wait(signal);
    this.#stopped.abort();
    this.#retryWaiters.release();
  }

  get #isOver(): boolean {
    return this.#stopped.signal.aborted || this.#isGone;
  }

  async #report(): Promise<void> {
    this.#isReporting = true;
    while (this.#queue.size > 0 && !this.#isOver) {
      if (!this.#tools.mayReport()) {
        if (this.#isStopping) break;
        this.#tools.unreachable();
        await this.#pause(this.#settings.retryDelayMs);
        continue;
      }
      const batch = this.#queue.first(this.#settings.maxBatch);
      let isGood = false;
      await this.#tools.tracing().report(batch, async (span) => {
        isGood = await this.#tryReport(batch, span);
      });
      if (!isGood) await this.#pause(this.#settings.retryDelayMs);
    }
    this.#isReporting = false;
    this.#drainWaiters.release();
  }

  async #tryReport(batch: readonly Notification[], span: CallSpan): Promise<boolean> {
    const { client, log, failed, unreachable } = this.#tools;
    const startMs = performance.now();
    try {
      await client.report(batch, this.#stopped.signal);
      this.#queue.settle(batch);
      this.#problem = undefined;
      log.debug("Batch sent", { size: batch.length, took_ms: roundMs(performance.now() - startMs) });
      return true;
    } catch (error) {
      if (this.#stopped.signal.aborted) return false;
      const failure = failed(error, span);
      this.#problem = `the engine accepts no states: ${failure.reason}`;
      if (this.#isStopping) this.#isGone = failure.isAway;
      else if (failure.isAway) unreachable();
      return false;
    }
  }

  /** Waits, at most until the engine has sent a set or everything stops. */
  async #pause(delayMs: number): Promise<void> {
    if (this.#isOver) return;
    const over = new AbortController();
    const timer = setTimeout(() => over.abort(), delayMs);
    await this.#retryWaiters.wait(AbortSignal.any([over.signal, this.#stopped.signal]));
    clearTimeout(timer);
  }
}
