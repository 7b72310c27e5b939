/** States on their way to the engine: the newest one of each healthcheck, in the order in which they first waited. Pure. */
import type { HealthcheckId } from "../model/id.ts";
import type { Notification } from "../model/status.ts";

/** A queue with one entry for each healthcheck. */
export class ReportQueue {
  readonly #entries = new Map<HealthcheckId, Notification>();

  get size(): number {
    return this.#entries.size;
  }

  /** Queues a state. It replaces an older one of the same healthcheck and keeps its place. */
  put(notification: Notification): void {
    this.#entries.set(notification.id, notification);
  }

  /** Returns the first entries without removing them. @param count - at most that number */
  first(count: number): Notification[] {
    return [...this.#entries.values().take(count)];
  }

  /** Removes entries that the engine has accepted. A state that has changed since {@link first} stays. */
  settle(batch: readonly Notification[]): void {
    for (const notification of batch)
      if (this.#entries.get(notification.id) === notification) this.#entries.delete(notification.id);
  }

  /** Removes the entries of healthchecks that a set no longer has. */
  retain(isKept: (id: HealthcheckId) => boolean): void {
    for (const id of this.#entries.keys()) if (!isKept(id)) this.#entries.delete(id);
  }
}
