/**
 * The JSON of the status API, as the server writes it and the page reads it. Types only, without imports: the server is
 * compiled without a browser's types, the page without the server's.
 */

/** The states of a healthcheck; `unknown` until the first conclusive result. */
export type State = "healthy" | "unhealthy" | "unknown";

/** The outcome of one check; `inconclusive` is a local error, without information about the backend. */
export type Outcome = "success" | "failure" | "inconclusive";

/** Numbers of healthchecks by state. */
export interface Totals {
  readonly healthchecks: number;
  readonly healthy: number;
  readonly unhealthy: number;
  readonly unknown: number;
  /** Number of those whose state is from before a restart and not confirmed by a check yet; absent if zero. */
  readonly provisional?: number;
  /** Number of those that operators have forced or paused; absent if zero. */
  readonly overridden?: number;
}

/** A fault of the server's own network, in effect now. */
export interface NetworkFault {
  /** True while the server is probably cut off from its network. */
  readonly blind: boolean;
  /** Number of healthchecks whose change to unhealthy is held. */
  readonly held: number;
}

/** The result of one check. */
export interface LastResult {
  /** Start time, ISO 8601. */
  readonly at: string;
  /** Milliseconds; null when it was inconclusive. */
  readonly duration_ms: number | null;
  readonly result: Outcome;
  /** Code as HAProxy has it, `L4CON`; `LOCAL` when it was inconclusive. */
  readonly code: string;
  /** Sentence without the code. */
  readonly message: string;
}

/** The part of a result that the sparkline of a row shows. */
export interface RecentResult {
  /** Milliseconds; null when it was inconclusive. */
  readonly duration_ms: number | null;
  readonly result: Outcome;
}

/** An operator's decision about a healthcheck. */
export interface OverrideInfo {
  /** The forced state; `paused` if no checks are started. */
  readonly action: "healthy" | "unhealthy" | "paused";
  readonly reason: string;
  /** The operator's user, by name and by number, and process. */
  readonly user: string;
  readonly uid: number;
  readonly pid: number;
  /** Times, ISO 8601. */
  readonly since: string;
  readonly until: string;
}

/** The common part of rows and details. */
export interface HealthcheckHead {
  /** Decimal digits; the number can exceed those that JavaScript represents exactly. */
  readonly id: string;
  /** Name that the operator gave it; absent without one. */
  readonly name?: string;
  /** The check type: `tcp`. */
  readonly type: string;
  /** `tcp://10.0.0.1:80` */
  readonly target: string;
  readonly state: State;
  /** True while the backend flaps and therefore stays unhealthy; absent otherwise. */
  readonly damped?: true;
  /**
   * True while the state, or the measured one beneath a forced one, is that from before a restart, which no check has confirmed yet and which
   * is not reported; absent otherwise.
   */
  readonly provisional?: true;
  /** The operator's decision in effect; absent without one. A forced state is in `state`. */
  readonly override?: OverrideInfo;
  /** Time of the last measured state change, ISO 8601; for `unknown`, the time when the healthcheck was added. */
  readonly since: string;
  /** The newest result of any kind; null before the first. */
  readonly last: LastResult | null;
}

/** A row of the list. */
export interface HealthcheckItem extends HealthcheckHead {
  /** Up to 20, oldest first. */
  readonly recent: readonly RecentResult[];
}

/** The response of `/api/healthchecks`. */
export interface HealthcheckList {
  /** Counts of all healthchecks, whether they match the query or not. */
  readonly totals: Totals;
  /** Absent while the network of the server is not in doubt. */
  readonly network?: NetworkFault;
  /** Number of healthchecks that match the query. */
  readonly matched: number;
  readonly offset: number;
  readonly limit: number;
  /** The matching ones from `offset`, at most `limit`: unhealthy first, then unknown, then healthy; within a state by id. */
  readonly healthchecks: readonly HealthcheckItem[];
}

/** Duration of each phase, in milliseconds; a phase that was not reached is absent. */
export interface PhaseTimes {
  readonly resolve_ms?: number;
  readonly connect_ms?: number;
  readonly tls_ms?: number;
  /** From the sent request to the first byte of the response. */
  readonly first_byte_ms?: number;
  /** From the first byte to the last one that was needed. */
  readonly transfer_ms?: number;
}

/** One result of the history. */
export interface HistoryItem extends LastResult {
  /** Milliseconds from its due time to its start. */
  readonly lateness_ms: number;
  readonly phases: PhaseTimes;
}

/** Progress toward the next state change. */
export interface Position {
  readonly consecutive_successes: number;
  /** Number of consecutive successes that make it healthy. */
  readonly rise: number;
  readonly consecutive_failures: number;
  /** Number of consecutive failures that make it unhealthy. */
  readonly fall: number;
}

/** Damping of a flapping backend (RFC 2439). */
export interface DampingDetail {
  /** True while the backend stays unhealthy, however it answers. */
  readonly damped: boolean;
  /** State by `rise` and `fall` alone. */
  readonly measured_state: State;
  /** Penalty now; each state change adds 1000. */
  readonly penalty: number;
  /** Value of {@link penalty} above which damping begins. */
  readonly suppress: number;
  /** Value of {@link penalty} below which damping ends. */
  readonly reuse: number;
  /** Milliseconds until the penalty is below `reuse` if the state does not change any more; 0 when it is. */
  readonly calm_in_ms: number;
}

/** Counts since the healthcheck was added. */
export interface CheckTotals {
  readonly checks: number;
  readonly successes: number;
  readonly failures: number;
  readonly inconclusive: number;
  /** Skipped starts. */
  readonly skipped: number;
  /** State changes. */
  readonly transitions: number;
}

/** The response of `/api/healthchecks/ID`. */
export interface HealthcheckDetail extends HealthcheckHead {
  /** Configuration without secrets: strings, numbers, booleans, null, arrays, or an object of these; names of durations end in `_ms`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** State that the checks find; it differs from `state` only while that is forced. */
  readonly measured_state: State;
  readonly position: Position;
  readonly totals: CheckTotals;
  /** True while a check is running. */
  readonly running: boolean;
  /** True while the change to unhealthy is held, because the server may be cut off from its network; absent otherwise. */
  readonly held?: boolean;
  /** Pace of the next check: `fast` while results speak against the state, `down` while unhealthy. */
  readonly pace: "normal" | "fast" | "down";
  /** Start of the next check, ISO 8601; null when it is due already. */
  readonly next_at: string | null;
  /** Absent for a healthcheck without damping. */
  readonly damping?: DampingDetail;
  /** Up to 20, newest first. */
  readonly history: readonly HistoryItem[];
}

/** The `totals` event of `/api/events`, once a second. */
export interface TotalsEvent extends Totals {
  /** Counts of all healthchecks of the server. */
  readonly version: string;
  /** Absent while the network of the server is not in doubt. */
  readonly network?: NetworkFault;
}

/** One state change. */
export interface StateChange {
  readonly id: string;
  /** The check type: `tcp`. */
  readonly type: string;
  readonly target: string;
  readonly from: State;
  readonly to: State;
  /** Time, ISO 8601. */
  readonly at: string;
  /** Code and sentence: `L4CON TCP connect to 10.0.0.1:80: connection refused`. */
  readonly reason: string;
}

/** The `changes` event of `/api/events`. */
export interface ChangesEvent {
  /** At most 100. */
  readonly changes: readonly StateChange[];
  /** Number of further changes. */
  readonly more: number;
}

/** The response of the API with any status other than 200. */
export interface ApiError {
  readonly error: string;
}
