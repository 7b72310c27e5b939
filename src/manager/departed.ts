/** States of removed healthchecks, which new ids with an equal check continue. Pure: the caller passes the time. */
import { formatTarget } from "../checks/registry.ts";
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
  /** By the target; the checks of one are few. */
  readonly #byTarget = new Map<string, DepartedCheck[]>();

  /** Remembers a healthcheck that was removed; one without a conclusive result is not worth it. */
  put(check: AnyCheckSpec, memory: Memory, nowMs: number): void {
    if (memory.status.state === "unknown") return;
    const target = formatTarget(check);
    const others = (this.#byTarget.get(target) ?? []).filter((one) => !Bun.deepEquals(one.check, check));
    this.#byTarget.set(target, [...others, { check, memory, atMs: nowMs }]);
  }

  /** Returns the memory of an equal check. */
  find(check: AnyCheckSpec): Memory | undefined {
    return this.#byTarget.get(formatTarget(check))?.find((one) => Bun.deepEquals(one.check, check))?.memory;
  }

  /** Forgets healthchecks that were removed before a time. */
  expire(beforeMs: number): void {
    for (const [target, checks] of this.#byTarget) {
      const kept = checks.filter(({ atMs }) => atMs >= beforeMs);
      if (kept.length === 0) this.#byTarget.delete(target);
      else if (kept.length < checks.length) this.#byTarget.set(target, kept);
    }
  }
}
