/** States of removed healthchecks, which new ids with an equal check continue. Pure: the caller passes the time. */
import type { AnyCheckSpec } from "../model/spec.ts";
import type { Memory } from "../monitor/monitor.ts";

/** A removed healthcheck. */
interface DepartedCheck {
  readonly check: AnyCheckSpec;
  readonly memory: Memory;
  readonly atMs: number;
}

/** Remembers removed healthchecks for a while. */
export class Departed {
  /** By a hash of the check, since thousands of checks may have the same target; those with the same hash are few. */
  readonly #byHash = new Map<number | bigint, DepartedCheck[]>();

  /** Remembers a healthcheck that was removed; one without a conclusive result is not worth it. */
  put(check: AnyCheckSpec, memory: Memory, nowMs: number): void {
    if (memory.health.state === "unknown") return;
    const hash = hashOf(check);
    const others = (this.#byHash.get(hash) ?? []).filter((one) => !Bun.deepEquals(one.check, check));
    this.#byHash.set(hash, [...others, { check, memory, atMs: nowMs }]);
  }

  /** Returns the memory of an equal check. */
  find(check: AnyCheckSpec): Memory | undefined {
    if (this.#byHash.size === 0) return undefined;
    return this.#byHash.get(hashOf(check))?.find((one) => Bun.deepEquals(one.check, check))?.memory;
  }

  /** Forgets healthchecks that were removed before a time. */
  expire(beforeMs: number): void {
    for (const [hash, checks] of this.#byHash) {
      const kept = checks.filter(({ atMs }) => atMs >= beforeMs);
      if (kept.length === 0) this.#byHash.delete(hash);
      else if (kept.length < checks.length) this.#byHash.set(hash, kept);
    }
  }
}

/** Equal checks have the same hash: a check type always writes its fields in the same order. */
function hashOf(check: AnyCheckSpec): number | bigint {
  return Bun.hash(JSON.stringify(check));
}
