/** The port to the admin interface (metrics, status API, status page, health). It loads nothing of it. */
import type { Config } from "../config/schema.ts";
import type { ControlError, OnEngineCall } from "../control/control-plane.ts";
import type { FailureCode } from "../model/result.ts";
import type { MonitorObserver } from "../monitor/monitor.ts";
import type { MonitorRecord } from "../monitor/record.ts";
import type { Trigger } from "../notifier/pending.ts";

/** Kinds of errors that are counted. */
export type CountedError = ControlError | "internal" | "telemetry";

/** Admin interface as the daemon sees it: it receives events, and changes nothing. */
export interface Admin extends MonitorObserver {
  /** Starts to listen; a failure is logged and retried in the background. */
  listen(): Promise<void>;
  /** Creates the record in which a new monitor keeps its history; undefined if it is never shown. */
  newRecord(): MonitorRecord | undefined;
  /** Receives the trace of a failed check that was exported. */
  traced(type: string, code: FailureCode, traceId: string): void;
  /** Receives a tick of the scheduler. @param lateMs - milliseconds after its planned time */
  ticked(lateMs: number): void;
  /** Counts errors. */
  failed(error: CountedError, count?: number): void;
  /** Receives the end of a call to the engine. */
  engineCalled: OnEngineCall;
  /** Counts a batch that was sent. */
  sent(size: number, trigger: Trigger, waitedMs: number, latenciesMs: readonly number[]): void;
  /** Counts a desired set that was applied. */
  updated(): void;
  /** Records that a configuration file was read. @param valid - false if it was rejected */
  configRead(valid: boolean): void;
  /** Applies the settings that can change at run time. */
  reconfigure(config: Config): void;
  /** Stops serving. */
  close(): void;
}

/** Admin interface that is switched off. */
export const NO_ADMIN: Admin = {
  settled: () => {},
  skipped: () => {},
  released: () => {},
  listen: async () => {},
  newRecord: () => undefined,
  traced: () => {},
  ticked: () => {},
  failed: () => {},
  engineCalled: () => {},
  sent: () => {},
  updated: () => {},
  configRead: () => {},
  reconfigure: () => {},
  close: () => {},
};
