/** The effect of one result on its healthcheck, for observers. */
import type { CheckResult, Conclusive } from "../model/result.ts";
import type { State } from "../model/status.ts";

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
