/** The difference between the running and the desired healthchecks, in time slices; otherwise pure. */
import type { HealthcheckId } from "../model/id.ts";
import type { HealthcheckSpec } from "../model/spec.ts";
import { forEachSliced } from "../system/time-slicing.ts";

/** A complete desired set. Every other healthcheck is removed, except those that a rejected configuration may stand for. */
export interface DesiredSet {
  readonly specs: readonly HealthcheckSpec[];
  /**
   * Healthchecks whose new configuration was rejected; those that run keep their last valid one. Undefined stands for a
   * configuration without an id: it may belong to any healthcheck, so none is removed.
   */
  readonly rejected: ReadonlySet<HealthcheckId | undefined>;
  /** Number of rejected configurations, those without an id included; reported in traces. */
  readonly rejections?: number;
  /**
   * Milliseconds in which a new id continues the state and counters of a removed healthcheck with an equal check: the engine numbers its
   * healthchecks again when it restarts. When absent, a new id starts as unknown.
   */
  readonly inheritMs?: number;
}

/** The steps from one set to the next. */
export interface Diff {
  readonly add: readonly HealthcheckSpec[];
  /** The same check of the same target, with another interval, timeout or other thresholds. */
  readonly adjust: readonly HealthcheckSpec[];
  /** Another target: state and counters start again. */
  readonly replace: readonly HealthcheckSpec[];
  readonly remove: readonly HealthcheckId[];
}

/**
 * Compares the running healthchecks with a desired set. Ten thousand changed ones take 50 ms, so it gives way to the event loop.
 *
 * @param running - specifications by id; must not change meanwhile
 * @param desired - of several entries with the same id, the last one counts
 */
export async function diff(
  running: ReadonlyMap<HealthcheckId, HealthcheckSpec>,
  desired: DesiredSet,
): Promise<Diff> {
  const add: HealthcheckSpec[] = [];
  const adjust: HealthcheckSpec[] = [];
  const replace: HealthcheckSpec[] = [];
  const wanted = new Map(desired.specs.map((spec) => [spec.id, spec]));
  await forEachSliced(wanted.values(), (spec) => {
    const now = running.get(spec.id);
    if (now === undefined) add.push(spec);
    else if (now === spec) return;
    else if (!Bun.deepEquals(now.check, spec.check)) replace.push(spec);
    else if (!Bun.deepEquals(now, spec)) adjust.push(spec);
  });
  const { rejected } = desired;
  const mayRemove = (id: HealthcheckId) => !wanted.has(id) && !rejected.has(id);
  const remove = rejected.has(undefined) ? [] : [...running.keys()].filter(mayRemove);
  return { add, adjust, replace, remove };
}
