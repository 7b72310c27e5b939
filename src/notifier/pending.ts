/**
 * What waits to be told to the client, pure: one notification an id, the newest, in the order in which the ids first
 * had something to say.
 */
import type { HealthcheckId } from "../model/id.ts";
import type { Notification, Status } from "../model/status.ts";

/** A notification and since when its id waits. */
interface Waiting {
  readonly status: Status;
  readonly sinceMs: number;
  /** Since when the client has not known of a change of state; undefined when it is only told again what it knows. */
  readonly changedMs: number | undefined;
}

/** Why a batch is due. */
export type Trigger = "size_limit" | "time_delay";

/** How batches are cut. */
export interface BatchLimits {
  /** A batch goes out so long after its first entry … */
  readonly delayMs: number;
  /** … or when it has so many. */
  readonly maxSize: number;
}

/** See the head of the file. */
export class Pending {
  readonly #waiting = new Map<HealthcheckId, Waiting>();

  /** Ids with something to say. */
  get size(): number {
    return this.#waiting.size;
  }

  /**
   * Puts in a notification; a newer state replaces the queued one and keeps its place.
   *
   * @param why - whether the state has changed, or the client is told again what it knows
   */
  put({ id, status }: Notification, nowMs: number, why: "changed" | "again"): void {
    const before = this.#waiting.get(id);
    const changedMs = before?.changedMs ?? (why === "changed" ? nowMs : undefined);
    this.#waiting.set(id, { status, sinceMs: before?.sinceMs ?? nowMs, changedMs });
  }

  /** Forgets an id that is no longer checked. */
  remove(id: HealthcheckId): void {
    this.#waiting.delete(id);
  }

  /** Forgets everything. */
  clear(): void {
    this.#waiting.clear();
  }

  /** Since when the first has been waiting; undefined when none is. */
  get sinceMs(): number | undefined {
    for (const { sinceMs } of this.#waiting.values()) return sinceMs;
    return undefined;
  }

  /** Whether a batch is due, and why. */
  due(nowMs: number, { delayMs, maxSize }: BatchLimits): Trigger | undefined {
    if (this.#waiting.size >= maxSize) return "size_limit";
    const { sinceMs } = this;
    return sinceMs !== undefined && nowMs >= sinceMs + delayMs ? "time_delay" : undefined;
  }

  /** The first so many, left in place until {@link settle}. */
  first(count: number): Notification[] {
    const batch: Notification[] = [];
    for (const [id, { status }] of this.#waiting) {
      if (batch.length >= count) break;
      batch.push({ id, status });
    }
    return batch;
  }

  /**
   * Takes out what was delivered, unless something newer has come meanwhile.
   *
   * @returns for each change of state among it, since when it had waited
   */
  settle(delivered: readonly Notification[]): number[] {
    const changedMs: number[] = [];
    for (const { id, status } of delivered) {
      const waiting = this.#waiting.get(id);
      if (waiting?.status !== status) continue;
      this.#waiting.delete(id);
      if (waiting.changedMs !== undefined) changedMs.push(waiting.changedMs);
    }
    return changedMs;
  }
}
