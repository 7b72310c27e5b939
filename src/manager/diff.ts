/** What has to change so that the running healthchecks are the desired ones; pure. */
import type { HealthcheckId } from "../model/id.ts";
import type { HealthcheckSpec } from "../model/spec.ts";

/** A complete desired set: everything else stops, unless that would be a guess. */
export interface DesiredSet {
  readonly specs: readonly HealthcheckSpec[];
  /**
   * Healthchecks whose new configuration was refused; those that run go on with their last good one. Undefined stands for a
   * configuration that says no id: it may be that of any, so none stops.
   */
  readonly refused: ReadonlySet<HealthcheckId | undefined>;
  /** How many configurations were refused, those without an id included; for whoever reports on it. */
  readonly refusals?: number;
}

/** The steps from one set to the next. */
export interface Diff {
  readonly add: readonly HealthcheckSpec[];
  /** The same check of the same target, at another pace or with other thresholds. */
  readonly adjust: readonly HealthcheckSpec[];
  /** Another target: state and counters start anew. */
  readonly replace: readonly HealthcheckSpec[];
  readonly remove: readonly HealthcheckId[];
}

/**
 * @param running - the specs that run now, by id
 * @param desired - the set that is wanted; when an id is in it twice, the last one counts
 */
export function diff(running: ReadonlyMap<HealthcheckId, HealthcheckSpec>, desired: DesiredSet): Diff {
  const add: HealthcheckSpec[] = [];
  const adjust: HealthcheckSpec[] = [];
  const replace: HealthcheckSpec[] = [];
  const wanted = new Map(desired.specs.map((spec) => [spec.id, spec]));
  for (const spec of wanted.values()) {
    const now = running.get(spec.id);
    if (now === undefined) add.push(spec);
    else if (now === spec) continue;
    else if (!Bun.deepEquals(now.check, spec.check)) replace.push(spec);
    else if (!Bun.deepEquals(now, spec)) adjust.push(spec);
  }
  const { refused } = desired;
  const mayRemove = (id: HealthcheckId) => !wanted.has(id) && !refused.has(id);
  const remove = refused.has(undefined) ? [] : [...running.keys()].filter(mayRemove);
  return { add, adjust, replace, remove };
}
