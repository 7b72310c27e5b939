/** State changes in one sentence, for screen readers. Pure. */
import type { State, StateChange } from "../../api.ts";
import { formatCount } from "./format.ts";
import { STATES } from "./route.ts";

/**
 * Summarizes state changes: a single one with its reason, several as numbers.
 *
 * @param changes - oldest first; of one id, the last counts
 * @param more - number of changes that are not among them
 */
export function summarizeChanges(changes: readonly StateChange[], more: number): string {
  const latest = new Map(changes.map((change) => [change.id, change]));
  const [only] = latest.values();
  if (only !== undefined && latest.size === 1 && more === 0)
    return `${only.target} is ${only.to}: ${only.reason}`;
  const parts = STATES.flatMap((state) => counted(latest.values(), state));
  if (more > 0) parts.push(`${formatCount(more)} more changed`);
  return parts.join(", ");
}

function counted(changes: Iterable<StateChange>, state: State): string[] {
  const count = [...changes].filter(({ to }) => to === state).length;
  return count === 0 ? [] : [`${formatCount(count)} became ${state}`];
}
