/**
 * Lateness as a backend sees it, pure: from nothing but when the checks of one target arrived. Called by the scenarios with
 * what the sinks have recorded.
 *
 * The daemon starts the checks of a target on a grid, first start + k × interval. The backend does not know where that grid lies,
 * so it is estimated. A check may be late and never early, and most are not late by much: on the circle of one interval, the grid's
 * point is the arrival from which on a quarter of the interval holds the most arrivals. The lateness of each is how far behind it
 * lies; up to three quarters of an interval are measured correctly. This sees what varies (the tail, which matters); what is the same for
 * every check of a target, such as half a tick, it does not see, and of a few arrivals the estimate is low. It includes the time
 * until the sink looks: a millisecond, and more when the machine is busy.
 */

/** With fewer arrivals the grid is a guess. */
export const FEWEST_ARRIVALS = 5;

/** The share of the interval in which most arrivals lie. */
const WINDOW = 0.25;

/**
 * Computes the lateness of each arrival, against the target's own grid.
 *
 * @param arrivalsMs - of one target, in any order
 * @param intervalMs - of its checks
 * @returns as many values in milliseconds, 0 or above and below the interval; none for fewer than two arrivals
 */
export function gridLatenessMs(arrivalsMs: readonly number[], intervalMs: number): number[] {
  const [firstMs] = arrivalsMs;
  if (firstMs === undefined || arrivalsMs.length < 2) return [];
  const phasesMs = arrivalsMs.map((arrivalMs) => modulo(arrivalMs - firstMs, intervalMs));
  const gridMs = densestStart(phasesMs, intervalMs);
  return phasesMs.map((phaseMs) => modulo(phaseMs - gridMs, intervalMs));
}

/**
 * Counts the missing starts between the first and the last arrival of a target.
 *
 * @param arrivalsMs - of one target, in any order
 */
export function missedStarts(arrivalsMs: readonly number[], intervalMs: number): number {
  if (arrivalsMs.length < 2) return 0;
  const sorted = [...arrivalsMs].sort((a, b) => a - b);
  const spanMs = (sorted.at(-1) ?? 0) - (sorted[0] ?? 0);
  return Math.max(0, Math.round(spanMs / intervalMs) + 1 - sorted.length);
}

/** The phase from which on the window holds the most of them. */
function densestStart(phasesMs: readonly number[], intervalMs: number): number {
  const windowMs = intervalMs * WINDOW;
  let maxFollow = 0;
  let startMs = 0;
  for (const candidateMs of phasesMs) {
    const follow = phasesMs.filter((phaseMs) => modulo(phaseMs - candidateMs, intervalMs) < windowMs).length;
    if (follow > maxFollow) {
      maxFollow = follow;
      startMs = candidateMs;
    }
  }
  return startMs;
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
