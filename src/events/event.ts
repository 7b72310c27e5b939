/** State changes as events: the JSON that leaves the server, one object for each change. Pure. */
import { formatTarget } from "../checks/registry.ts";
import { roundMs } from "../model/phases.ts";
import type { HealthcheckSpec } from "../model/spec.ts";
import type { State } from "../model/status.ts";
import type { StateTransition } from "../monitor/settlement.ts";

/** Version of the schema; fields may be added within a version (docs/monitoring.md). */
export const EVENT_VERSION = 1;

/** The facts of a state change besides the change itself. */
export interface EventContext {
  /** Number of the event since the start of the process; a gap in it means that events were dropped. */
  readonly seq: number;
  /** Wall clock, milliseconds since 1970. */
  readonly atMs: number;
  /** True if the backend flaps and therefore stays unhealthy. */
  readonly isDamped: boolean;
  /** State that an operator forces, which is reported in place of the one that the checks find; undefined if none. */
  readonly forced: State | undefined;
}

/**
 * Formats a state change.
 *
 * @returns a JSON object without line breaks; the id is a string, as in the API
 */
export function formatEvent(
  { id, name, labels, check }: HealthcheckSpec,
  { from, to, result }: StateTransition,
  { seq, atMs, isDamped, forced }: EventContext,
): string {
  return JSON.stringify({
    version: EVENT_VERSION,
    event: "state_change",
    seq,
    time: new Date(atMs).toISOString(),
    id,
    ...(name === undefined ? {} : { name }),
    ...(labels === undefined ? {} : { labels: Object.fromEntries(labels) }),
    type: check.type,
    target: formatTarget(check),
    from,
    to,
    code: result.code,
    message: result.message,
    duration_ms: roundMs(result.durationMs),
    ...(isDamped ? { damped: true } : {}),
    ...(forced === undefined ? {} : { forced }),
  });
}
