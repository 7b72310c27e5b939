/** The port through which the daemon reports to telemetry. It loads nothing of OpenTelemetry. */
import type { Config } from "../config/schema.ts";
import { type ClientTracing, NO_TRACING } from "../control/client-tracing.ts";
import { type EngineTracing, NO_ENGINE_TRACING } from "../control/engine-tracing.ts";
import type { UpdateCounts } from "../manager/manager.ts";
import type { HealthcheckId } from "../model/id.ts";
import type { Notification } from "../model/status.ts";
import type { MonitorObserver } from "../monitor/monitor.ts";

/** Telemetry as the daemon sees it: it receives events, and runs code inside the span that belongs to them. */
export interface TelemetryPort {
  /** Observes every check, and passes it on to the log of checks, inside the check's span. */
  readonly checks: MonitorObserver;
  /** Traces the connections and messages of clients. */
  readonly clients: ClientTracing;
  /** Traces the calls to the engine. */
  readonly engine: EngineTracing;
  /** Returns the function that makes the `traceparent` header for each check of a healthcheck; undefined for no header. */
  traceparentOf(id: HealthcheckId): (() => string) | undefined;
  /** Drops the unfinished spans of a healthcheck that was removed. */
  forget(id: HealthcheckId): void;
  /** Runs code outside of every span, whatever span the caller is in. */
  outside(act: () => void): void;
  /**
   * Traces the application of a desired set.
   *
   * @param configs - healthchecks in the set, the rejected ones included
   * @param apply - applies the set; called once
   */
  update(configs: number, rejected: number, apply: () => Promise<UpdateCounts>): Promise<void>;
  /**
   * Traces a batch that was sent.
   *
   * @param waitedMs - since its first entry was queued
   * @param log - logs the batch; called once
   */
  sent(delivered: readonly Notification[], trigger: string, waitedMs: number, log: () => void): void;
  /** Applies the settings that can change at run time. */
  reconfigure(config: Config): void;
  /** Delivers the queued spans until the signal aborts, then closes the exporter. */
  close(signal: AbortSignal): Promise<void>;
}

/**
 * Makes the port for a daemon that traces nothing: everything just happens.
 *
 * @param monitorLog - receives the events of checks
 */
export function noTelemetry(monitorLog: MonitorObserver): TelemetryPort {
  return {
    checks: monitorLog,
    clients: NO_TRACING,
    engine: NO_ENGINE_TRACING,
    traceparentOf: () => undefined,
    forget: () => {},
    outside: (act) => act(),
    update: async (_configs, _rejected, apply) => void (await apply()),
    sent: (_delivered, _trigger, _waitedMs, log) => log(),
    reconfigure: () => {},
    close: async () => {},
  };
}
