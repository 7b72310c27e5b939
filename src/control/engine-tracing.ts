/** The port through which calls to the engine are traced. Telemetry implements it; without telemetry it is {@link NO_ENGINE_TRACING}. */
import type { Notification } from "../model/status.ts";

/** Span of one call, and of what becomes of its reply. */
export interface CallSpan {
  /** Marks the call as failed, or a part of its reply as rejected. @param message - the reason, without secrets */
  failed(type: string, message: string): void;
}

/** Traces the calls to the engine. */
export interface EngineTracing {
  /** Traces a fetch until its set is applied. @param act - makes the call and applies the set; called once */
  fetch(act: (span: CallSpan) => Promise<void>): Promise<void>;
  /** Traces a report. @param act - makes the call; called once */
  report(batch: readonly Notification[], act: (span: CallSpan) => Promise<void>): Promise<void>;
}

/** Returns the tracing that is in use now. */
export type EngineTracingProvider = () => EngineTracing;

const NO_SPAN: CallSpan = { failed: () => {} };

/** Disabled tracing: makes the calls and records nothing. */
export const NO_ENGINE_TRACING: EngineTracing = {
  fetch: (act) => act(NO_SPAN),
  report: (_batch, act) => act(NO_SPAN),
};
