/**
 * Notifications that wait to be sent to the client, sans-I/O: one per id, the newest, in the order in which the ids were
 * first added.
 */
import type { HealthcheckId } from "../model/id.ts";
import type { Notification, Status } from "../model/status.ts";

/** A notification, and the time since which its id is pending. */
interface Waiting {
  readonly status: Status;
  readonly sinceMs: number;
  /** Time of the first state change that was not sent; undefined if the client knows the state. */
  readonly changedMs: number | undefined;
}

/** Reason for which a batch is due. */
export type Trigger = "size_limit" | "time_delay";

/** Limits of a batch. */
export interface BatchLimits {
  /** Time from a batch's first entry until it is sent. */
  readonly delayMs: number;
  /** Number of entries with which a batch is sent without waiting. */
  readonly maxSize: number;
}

/** Queue of notifications with one entry per id. */
export class Pending {
  readonly #waiting = new Map<HealthcheckId, Waiting>();

  /** Number of pending ids. */
  get size(): number {
    return this.#waiting.size;
  }

  /**
   * Adds a notification; a newer state replaces the queued one and keeps its place.
   *
   * @param why - `changed` for a state change, `again` for a state that the client was sent before
   */
  put({ id, status }: Notification, nowMs: number, why: "changed" | "again"): void {
    const before = this.#waiting.get(id);
    const changedMs = before?.changedMs ?? (why === "changed" ? nowMs : undefined);
    this.#waiting.set(id, { status, sinceMs: before?.sinceMs ?? nowMs, changedMs });
  }

  /** Removes the notification of an id that is no longer checked. */
  remove(id: HealthcheckId): void {
    this.#waiting.delete(id);
  }

  /** Removes everything. */
  clear(): void {
    this.#waiting.clear();
  }

  /** Time since which the first entry is pending; undefined if nothing is pending. */
  get sinceMs(): number | undefined {
    for (const { sinceMs } of this.#waiting.values()) return sinceMs;
    return undefined;
  }

  /** Returns the reason for which a batch is due; undefined if none is. */
  due(nowMs: number, { delayMs, maxSize }: BatchLimits): Trigger | undefined {
    if (this.#waiting.size >= maxSize) return "size_limit";
    const { sinceMs } = this;
    return sinceMs !== undefined && nowMs >= sinceMs + delayMs ? "time_delay" : undefined;
  }

  /** Returns the first `count` notifications; they stay queued until {@link settle}. */
  first(count: number): Notification[] {
    const batch: Notification[] = [];
    for (const [id, { status }] of this.#waiting) {
      if (batch.length >= count) break;
      batch.push({ id, status });
    }
    return batch;
  }

  /**
   * Removes delivered notifications, except those that a newer state has replaced meanwhile.
   *
   * @returns for each state change among them, the time since which it was pending
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
