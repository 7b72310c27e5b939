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

  /** Puts in a notification; a newer state replaces the queued one and keeps its place. */
  put({ id, status }: Notification, nowMs: number): void {
    this.#waiting.set(id, { status, sinceMs: this.#waiting.get(id)?.sinceMs ?? nowMs });
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

  /** Takes out what was delivered, unless something newer has come meanwhile. */
  settle(delivered: readonly Notification[]): void {
    for (const { id, status } of delivered) {
      if (this.#waiting.get(id)?.status === status) this.#waiting.delete(id);
    }
  }
}
