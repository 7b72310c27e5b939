/**
 * Spreads the healthchecks of each interval evenly over it. A healthcheck's phase is the share of the interval by which its due
 * times lie after the multiples of the interval. Called by the manager; sans-I/O.
 *
 * The phase follows the id alone: id × 2^64/φ modulo 2^64, the multiplicative hash of Knuth (The Art of Computer Programming,
 * volume 3, 6.4). Seesaw numbers its healthchecks consecutively, and the multiples of the golden ratio are the most even sequence
 * there is: of 10,000 consecutive ids every hundredth of the interval gets 99 to 102, whichever of them come and go. A restart of
 * this server, a reconnect, a list in another order, a healthcheck removed and added again: each gets its phase again.
 *
 * Ids without such an order (random ones, a stride near a Fibonacci number) spread like dice. Where they crowd, a healthcheck is
 * moved to the emptiest slot, one or five in a hundred of random ids; which ones depends on the order of the list.
 *
 * An engine that restarts gives new ids to equal healthchecks, and with them new phases. Where a monitor is kept for its equal
 * specification in spite of a new id, it keeps its grid as well: its place here is held until {@link PhaseTable.release}.
 */

import type { HealthcheckId } from "../model/id.ts";
import type { HealthcheckSpec } from "../model/spec.ts";

/** 2^64 / φ, rounded to an odd number: multiplication by it permutes the 64-bit integers. */
const GOLDEN_64 = 0x9e3779b97f4a7c15n;
/** Slots per interval: 40 ms each for 10 s. With finer ones, 10,000 healthchecks would be spread less evenly. */
const SLOTS = 250;
/** Number of healthchecks above its share that a slot holds before further ones are moved to another slot. */
const SLACK = 1;

/**
 * Returns the preferred phase of an id.
 *
 * @returns from 0 to below 1
 */
export function phaseOf(id: HealthcheckId): number {
  // 53 bits are what a number holds exactly.
  return Number(BigInt.asUintN(64, BigInt(id) * GOLDEN_64) >> 11n) / 2 ** 53;
}

/** Healthchecks of one interval. */
interface Group {
  /** Healthchecks by slot. */
  readonly counts: Map<number, number>;
  placed: number;
  /** Number of healthchecks once the set that is being applied is complete. */
  planned: number;
}

/** Phases of the running healthchecks, spread evenly over each interval. */
export class PhaseTable {
  readonly #groups = new Map<number, Group>();
  readonly #slots = new Map<
    HealthcheckId,
    { readonly group: Group; readonly slot: number; readonly phase: number }
  >();

  /** Announces healthchecks before {@link place} is called for them: a slot's share depends on their number. */
  plan(coming: Iterable<Pick<HealthcheckSpec, "id" | "intervalMs">>): void {
    for (const [intervalMs, group] of this.#groups) {
      if (group.placed === 0) this.#groups.delete(intervalMs);
      group.planned = group.placed;
    }
    for (const { id, intervalMs } of coming) {
      const group = this.#group(intervalMs);
      if (this.#slots.get(id)?.group !== group) group.planned++;
    }
  }

  /**
   * Assigns a phase to a healthcheck: the preferred one of its id, or one in a slot with room. A healthcheck keeps its phase until its
   * interval changes.
   *
   * @returns from 0 to below 1
   */
  place(id: HealthcheckId, intervalMs: number): number {
    const group = this.#group(intervalMs);
    const before = this.#slots.get(id);
    if (before?.group === group) return before.phase;
    this.release(id);
    const wanted = phaseOf(id);
    const own = Math.floor(wanted * SLOTS);
    group.placed++;
    const share = Math.ceil(Math.max(group.planned, group.placed) / SLOTS);
    const slot = (group.counts.get(own) ?? 0) < share + SLACK ? own : emptiest(group.counts, own);
    group.counts.set(slot, (group.counts.get(slot) ?? 0) + 1);
    const phase = wanted + (slot - own) / SLOTS;
    this.#slots.set(id, { group, slot, phase });
    return phase;
  }

  /** Releases the phase of a healthcheck, if it has one. */
  release(id: HealthcheckId): void {
    const place = this.#slots.get(id);
    if (place === undefined) return;
    const { group, slot } = place;
    this.#slots.delete(id);
    group.counts.set(slot, (group.counts.get(slot) ?? 0) - 1);
    group.placed--;
  }

  #group(intervalMs: number): Group {
    const known = this.#groups.get(intervalMs);
    if (known !== undefined) return known;
    const group = { counts: new Map<number, number>(), placed: 0, planned: 0 };
    this.#groups.set(intervalMs, group);
    return group;
  }
}

/** Returns the slot with the fewest healthchecks; of several, the next one after `own`. */
function emptiest(counts: ReadonlyMap<number, number>, own: number): number {
  let best = own;
  for (let step = 1; step < SLOTS; step++) {
    const slot = (own + step) % SLOTS;
    if ((counts.get(slot) ?? 0) < (counts.get(best) ?? 0)) best = slot;
  }
  return best;
}
