/** The time limits of a stop. A test asserts that together they keep the promised bound. */

/** Promised bound of a stop, from the signal to the end of the process (docs/deployment.md). */
export const STOP_BUDGET_MS = 2_000;

/** Time for notifications to be written to the client. Backends finish their answers meanwhile. */
export const FLUSH_MS = 1_200;
/** Part of {@link FLUSH_MS} in which backends may finish their answers. */
export const DRAIN_MS = 300;
/** Further time for state changes to reach their sinks, part of {@link TRACE_FLUSH_MS}. */
export const EVENT_FLUSH_MS = 250;
/** Further time for traces to be delivered; they may also use the rest of {@link FLUSH_MS}. */
export const TRACE_FLUSH_MS = 450;
/** Further time for the log to be written. */
export const LOG_FLUSH_MS = 250;

/** Deadlines of a stop that begins now. */
export interface StopDeadlines {
  readonly answers: AbortSignal;
  readonly notifications: AbortSignal;
  readonly events: AbortSignal;
  readonly traces: AbortSignal;
}

/** Starts the deadlines of a stop. */
export function stopDeadlines(): StopDeadlines {
  return {
    answers: AbortSignal.timeout(DRAIN_MS),
    notifications: AbortSignal.timeout(FLUSH_MS),
    events: AbortSignal.timeout(FLUSH_MS + EVENT_FLUSH_MS),
    traces: AbortSignal.timeout(FLUSH_MS + TRACE_FLUSH_MS),
  };
}

const PASSED = AbortSignal.abort();
/** Deadlines of a start that failed: there is nothing to flush. */
export const NO_FLUSH: StopDeadlines = {
  answers: PASSED,
  notifications: PASSED,
  events: PASSED,
  traces: PASSED,
};
