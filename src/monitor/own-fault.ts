/**
 * Failures whose cause may be this process or this host and not the backend; pure. A fault of this host that the kernel reports is
 * inconclusive already (`src/system/errno.ts`).
 */
import { formatDuration } from "../model/duration.ts";
import { type CheckResult, type Failure, inconclusive } from "../model/result.ts";

/** A broken connection is attributed to a stall of this process if the stall took this share of the timeout, or {@link MAX_STALL_MS}. */
const STALL_SHARE = 0.25;
const MAX_STALL_MS = 250;

/** Returns true for a failure that a stall of this process can cause: the connection broke, or a complete answer came late. */
export function mayBeStall(result: CheckResult): result is Failure {
  return result.outcome === "failure" && (result.interrupted === true || result.late === true);
}

/**
 * Makes a failure inconclusive if this process may be its cause: the backend closed the connection while the process stalled, or the
 * answer came late while the process stalled; a paused virtual machine looks the same.
 *
 * @param failure - one for which {@link mayBeStall} is true
 * @param stalledMs - how long this process stalled during the check
 * @param timeoutMs - the timeout of the check
 */
export function excuseStall(failure: Failure, stalledMs: number, timeoutMs: number): CheckResult {
  const excused = failure.late
    ? failure.durationMs - stalledMs <= timeoutMs
    : stalledMs >= Math.min(MAX_STALL_MS, timeoutMs * STALL_SHARE);
  if (!excused) return failure;
  return inconclusive("stalled", `${failure.message} (event loop stalled for ${Math.round(stalledMs)}ms)`);
}

/** Returns the failure of a healthcheck that has had no route for too long: packets that this host forwards would go the same way. */
export function noRouteFailure(message: string, holdMs: number): Failure {
  return {
    outcome: "failure",
    code: "L4CON",
    message: `${message}, for ${formatDuration(holdMs)} now`,
    durationMs: 0,
    phases: {},
  };
}
