/** The states of an earlier process, until healthchecks continue them or they are too old. Pure: the caller passes the time. */
import type { HealthcheckId } from "../model/id.ts";
import type { EarlierState } from "../monitor/reported-status.ts";
import { type StateRecord, shiftRecord } from "./format.ts";

/** A state that a healthcheck continues, and the time at which it was measured at the latest. */
export type EarlierRecord = StateRecord & Pick<EarlierState, "aliveBootMs">;

/** States that were read from the file. Each is given to one healthcheck. Times are those of this boot's clock. */
export class EarlierStates {
  /** By key and id: thousands of healthchecks may have an equal check. */
  readonly #byKey = new Map<string, Map<HealthcheckId, StateRecord>>();
  readonly #maxAgeMs: number;
  #size = 0;

  /** @param maxAgeMs - time since the earlier process was last alive, after which its states no longer count */
  constructor(maxAgeMs: number) {
    this.#maxAgeMs = maxAgeMs;
  }

  /** Number of states that no healthcheck has continued yet. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds records.
   *
   * @param aliveBootMs - when their writer was last alive, on the clock of its boot
   * @param ageMs - time since then
   * @returns the number of those that count
   */
  add(records: readonly StateRecord[], aliveBootMs: number, ageMs: number, nowBootMs: number): number {
    const shiftMs = nowBootMs - ageMs - aliveBootMs;
    for (const record of records) {
      const own = shiftRecord({ ...record, aliveBootMs: record.aliveBootMs ?? aliveBootMs }, shiftMs);
      if (!this.#counts(own, nowBootMs)) continue;
      const equal = this.#byKey.get(record.key);
      if (equal === undefined) this.#byKey.set(record.key, new Map([[record.id, own]]));
      else equal.set(record.id, own);
      this.#size++;
    }
    return this.#size;
  }

  /**
   * Takes the state of a check: that of the same id if several healthchecks had an equal check, since the Seesaw engine may have numbered
   * its healthchecks again.
   *
   * @param key - of the check, see `checkKey`
   */
  take(id: HealthcheckId, key: string, nowBootMs: number): EarlierRecord | undefined {
    const equal = this.#byKey.get(key);
    const record = equal?.get(id) ?? equal?.values().next().value;
    if (record === undefined) return undefined;
    this.#delete(record);
    const { aliveBootMs = nowBootMs } = record;
    return this.#counts(record, nowBootMs) ? { ...record, aliveBootMs } : undefined;
  }

  /** Returns the records of states that no healthcheck has continued yet, for the next file. Those that are too old are forgotten. */
  rest(nowBootMs: number): StateRecord[] {
    const records = [...this.#byKey.values()].flatMap((equal) => [...equal.values()]);
    return records.filter((record) => {
      const counts = this.#counts(record, nowBootMs);
      if (!counts) this.#delete(record);
      return counts;
    });
  }

  #delete({ id, key }: StateRecord): void {
    const equal = this.#byKey.get(key);
    if (equal?.delete(id) === true) this.#size--;
    if (equal?.size === 0) this.#byKey.delete(key);
  }

  #counts({ aliveBootMs = 0 }: StateRecord, nowBootMs: number): boolean {
    return nowBootMs - aliveBootMs <= this.#maxAgeMs;
  }
}
