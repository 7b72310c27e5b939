/** The state of a healthcheck, and the message that reports it to a client. */
import type { HealthcheckId } from "./id.ts";

/** `unknown` until the first conclusive result. */
export const STATES = ["unknown", "healthy", "unhealthy"] as const;
/** State of {@link STATES}. */
export type State = (typeof STATES)[number];

/** Number of healthchecks in each state. */
export type StateCounts = Readonly<Record<State, number>>;

/** STATUS of the protocol; replaced whole by every conclusive result. */
export interface Status {
  readonly state: State;
  /** Wall-clock start of the last conclusive check, milliseconds since 1970; absent before it. */
  readonly lastCheckMs: number | undefined;
  readonly durationMs: number;
  /** Failures since the monitor started. */
  readonly failures: number;
  /** Successes since the monitor started. */
  readonly successes: number;
  /** Code and sentence of the last conclusive result. */
  readonly message: string;
}

/** The status of a monitor that has no result yet. */
export const UNKNOWN: Status = {
  state: "unknown",
  lastCheckMs: undefined,
  durationMs: 0,
  failures: 0,
  successes: 0,
  message: "",
};

/** Status of one healthcheck on its way to the client. */
export interface Notification {
  readonly id: HealthcheckId;
  readonly status: Status;
}
