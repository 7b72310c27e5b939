/**
 * The JSON of the status API, as the server writes it and the page reads it. Types only, and nothing is imported: the server is
 * compiled without a browser's types, the page without the server's.
 */

/** The states of a healthcheck; `unknown` until the first conclusive result. */
export type State = "healthy" | "unhealthy" | "unknown";

/** What came out of one check; `inconclusive` is a fault of the checker, and says nothing about the backend. */
export type Outcome = "success" | "failure" | "inconclusive";

/** How many healthchecks there are, by state. */
export interface Totals {
  readonly healthchecks: number;
  readonly healthy: number;
  readonly unhealthy: number;
  readonly unknown: number;
}

/** The result of one check. */
export interface LastResult {
  /** When it started, ISO 8601. */
  readonly at: string;
  /** Milliseconds; null when it was inconclusive. */
  readonly duration_ms: number | null;
  readonly result: Outcome;
  /** HAProxy's: `L4CON`; `LOCAL` when it was inconclusive. */
  readonly code: string;
  /** A sentence, without the code. */
  readonly message: string;
}

/** As much of a result as the small plot of a row needs. */
export interface RecentResult {
  /** Milliseconds; null when it was inconclusive. */
  readonly duration_ms: number | null;
  readonly result: Outcome;
}

/** What rows and details have in common. */
export interface HealthcheckHead {
  /** Decimal; beyond what a JavaScript number holds. */
  readonly id: string;
  /** What its operators call it; absent when they have not named it. */
  readonly name?: string;
  /** The check type: `tcp`. */
  readonly type: string;
  /** `tcp://10.0.0.1:80` */
  readonly target: string;
  readonly state: State;
  /** When the state was entered, ISO 8601; for `unknown`, when the healthcheck was added. */
  readonly since: string;
  /** The newest result of any kind; null before the first. */
  readonly last: LastResult | null;
}

/** A row of the list. */
export interface HealthcheckItem extends HealthcheckHead {
  /** Up to 20, oldest first. */
  readonly recent: readonly RecentResult[];
}

/** The answer to `/api/healthchecks`. */
export interface HealthcheckList {
  /** Of all healthchecks, whatever was asked for. */
  readonly totals: Totals;
  /** How many fit what was asked for. */
  readonly matched: number;
  readonly offset: number;
  readonly limit: number;
  /** From `offset` on, `limit` at most: unhealthy first, then unknown, then healthy; within a state by id. */
  readonly healthchecks: readonly HealthcheckItem[];
}

/** How long each phase took, in milliseconds; one that was not reached is absent. */
export interface PhaseTimes {
  readonly resolve_ms?: number;
  readonly connect_ms?: number;
  readonly tls_ms?: number;
  /** Request sent to first byte of the answer. */
  readonly first_byte_ms?: number;
  /** First byte to the last one that was needed. */
  readonly transfer_ms?: number;
}

/** One result of the history. */
export interface HistoryItem extends LastResult {
  /** How long after its due time it started. */
  readonly lateness_ms: number;
  readonly phases: PhaseTimes;
}

/** How far it is to the next change of state. */
export interface Position {
  readonly consecutive_successes: number;
  /** Successes in a row that make it healthy. */
  readonly rise: number;
  readonly consecutive_failures: number;
  /** Failures in a row that make it unhealthy. */
  readonly fall: number;
}

/** Counted since the healthcheck was added. */
export interface CheckTotals {
  readonly checks: number;
  readonly successes: number;
  readonly failures: number;
  readonly inconclusive: number;
  /** Starts that did not happen. */
  readonly skipped: number;
  /** Changes of state. */
  readonly transitions: number;
}

/** The answer to `/api/healthchecks/ID`. */
export interface HealthcheckDetail extends HealthcheckHead {
  /** By name: texts, numbers, booleans, null, arrays, or an object of these; durations end in `_ms`. Without secrets. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly position: Position;
  readonly totals: CheckTotals;
  /** Whether a check is under way. */
  readonly running: boolean;
  /** Up to 20, newest first. */
  readonly history: readonly HistoryItem[];
}

/** The `totals` event of `/api/events`, once a second. */
export interface TotalsEvent extends Totals {
  /** The server's. */
  readonly version: string;
}

/** One change of state. */
export interface StateChange {
  readonly id: string;
  /** The check type: `tcp`. */
  readonly type: string;
  readonly target: string;
  readonly from: State;
  readonly to: State;
  /** ISO 8601. */
  readonly at: string;
  /** Code and sentence: `L4CON TCP connect to 10.0.0.1:80: connection refused`. */
  readonly reason: string;
}

/** The `changes` event of `/api/events`. */
export interface ChangesEvent {
  /** At most 100. */
  readonly changes: readonly StateChange[];
  /** How many more there were. */
  readonly more: number;
}

/** Every answer of the API that is not a 200. */
export interface ApiError {
  readonly error: string;
}
