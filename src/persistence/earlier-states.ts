/** The states of an earlier process, until healthchecks continue them or they are too old. Pure: the caller passes the time. */
import type { HealthcheckId } from "../model/id.ts";
import type { EarlierState } from "../monitor/reported-status.ts";
import type { StateRecord } from "./format.ts";

/** States that were read from the file. Each is given to one healthcheck. */
export class EarlierStates {
  /** By key and id: thousands of healthchecks may have an equal check. */
  readonly #byKey = new Map<string, Map<HealthcheckId, StateRecord>>();
  readonly #maxAgeMs: number;
  #aliveMs = 0;
  #size = 0;

  /** @param maxAgeMs - time since the earlier process was last alive, after which its states no longer count */
  constructor(maxAgeMs: number) {
    this.#maxAgeMs = maxAgeMs;
  }

  /** Number of states that no healthcheck has continued yet. */
  get size(): number {
    return this.#size;
  }

  /** Adds records. @param aliveMs - wall-clock time at which their writer was last alive @returns the number of those that count */
  add(records: readonly StateRecord[], aliveMs: number, nowWallMs: number): number {
    this.#aliveMs = aliveMs;
    for (const record of records) {
      if (!this.#counts(record, nowWallMs)) continue;
      const equal = this.#byKey.get(record.key);
      if (equal === undefined) this.#byKey.set(record.key, new Map([[record.id, record]]));
      else equal.set(record.id, record);
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
  take(id: HealthcheckId, key: string, nowWallMs: number): EarlierState | undefined {
    const equal = this.#byKey.get(key);
    const record = equal?.get(id) ?? equal?.values().next().value;
    if (equal === undefined || record === undefined) return undefined;
    equal.delete(record.id);
    this.#size--;
    if (equal.size === 0) this.#byKey.delete(key);
    return this.#counts(record, nowWallMs) ? { ...record, aliveMs: this.#aliveMsOf(record) } : undefined;
  }

  /** Returns the records of states that no healthcheck has continued yet, for the next file. */
  *rest(nowWallMs: number): Iterable<StateRecord> {
    for (const records of this.#byKey.values()) {
      for (const record of records.values()) {
        if (this.#counts(record, nowWallMs)) yield { ...record, aliveMs: this.#aliveMsOf(record) };
      }
    }
  }

  /** Forgets all states. */
  clear(): void {
    this.#byKey.clear();
    this.#size = 0;
  }

  #aliveMsOf({ aliveMs = this.#aliveMs }: StateRecord): number {
    return Math.min(aliveMs, this.#aliveMs);
  }

  #counts(record: StateRecord, nowWallMs: number): boolean {
    return nowWallMs - this.#aliveMsOf(record) <= this.#maxAgeMs;
  }
}
