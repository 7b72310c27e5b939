/**
 * Delivery: collects state changes briefly, passes them to the control plane in batches, and sends every known state again at an
 * interval. While the client does not read, pending notifications stay here, one entry per id, and nothing accumulates.
 */
import type { HealthcheckId } from "../model/id.ts";
import type { Notification } from "../model/status.ts";
import { Waiters } from "../model/waiters.ts";
import type { Clock } from "../system/clock.ts";
import { type BatchLimits, Pending, type Trigger } from "./pending.ts";

/** Time that sending may take before checks have their turn. */
const SLICE_MS = 4;
/** Delay until sending is tried again after an exception … */
const RETRY_MS = 1_000;
/** … and while the notifier drains, which has a deadline. */
const DRAIN_RETRY_MS = 20;
/** Maximum number of notifications per delivery; about what a line of the protocol holds. */
const MAX_PER_MESSAGE = 300;

/** The control plane, as the notifier sees it. */
export interface Delivery {
  /** Delivers the first notifications of a batch. @returns how many; 0 if there is no room now */
  deliver(batch: readonly Notification[]): number;
}

/** Settings of the notifier, from the configuration. */
export interface BatchSettings extends BatchLimits {
  /** Interval at which every known state is sent again. */
  readonly notifyIntervalMs: number;
  /** Number of pending ids above which a slow client is reported. */
  readonly channelSize: number;
}

/** Receives the events of the notifier. */
export interface NotifierObserver {
  /**
   * Receives that the control plane accepted a batch.
   *
   * @param waitedMs - since its first entry was added
   * @param latenciesMs - of each state change in it, from the result until now
   * @param delivered - contents of the batch
   */
  sent(
    trigger: Trigger,
    waitedMs: number,
    latenciesMs: readonly number[],
    delivered: readonly Notification[],
  ): void;
  /** Receives that more ids are pending than `channelSize`; once until they have been sent. */
  congested(waiting: number): void;
  /** Receives an unexpected exception; undelivered notifications stay pending, and sending is retried. */
  fault(error: unknown): void;
}

/** Sends state changes to the control plane in batches, and every known state at an interval. */
export class Notifier {
  readonly #clock: Clock;
  readonly #delivery: Delivery;
  readonly #measured: () => Iterable<Notification>;
  readonly #observer: NotifierObserver;
  readonly #pending = new Pending();
  #settings: BatchSettings;
  #listening = false;
  #blocked = false;
  #congested = false;
  #draining = false;
  /** True until what is pending has been sent without waiting for more. */
  #isExpedited = false;
  readonly #drainWaiters = new Waiters();
  #batchTimer: ReturnType<typeof setTimeout> | undefined;
  #refreshTimer: ReturnType<typeof setInterval> | undefined;

  /** @param measured - returns every state that has been measured */
  constructor(
    clock: Clock,
    delivery: Delivery,
    measured: () => Iterable<Notification>,
    settings: BatchSettings,
    observer: NotifierObserver,
  ) {
    this.#clock = clock;
    this.#delivery = delivery;
    this.#measured = measured;
    this.#settings = settings;
    this.#observer = observer;
  }

  /** Number of ids with a pending notification. */
  get waiting(): number {
    return this.#pending.size;
  }

  /** Applies new settings. */
  reconfigure(settings: BatchSettings): void {
    const refreshChanged = settings.notifyIntervalMs !== this.#settings.notifyIntervalMs;
    this.#settings = settings;
    if (refreshChanged && this.#listening) this.#refreshEvery(settings.notifyIntervalMs);
    clearTimeout(this.#batchTimer);
    this.#batchTimer = undefined;
    this.#schedule();
  }

  /** Queues a state change. Without a client it is dropped: the next resync sends every state. */
  notify(notification: Notification): void {
    if (!this.#listening) return;
    this.#pending.put(notification, this.#clock.nowMs(), "changed");
    this.#schedule();
  }

  /** Sends what is pending without waiting for more: a command of an operator is a batch already. */
  expedite(): void {
    if (this.#pending.size === 0) return;
    this.#isExpedited = true;
    this.#schedule();
  }

  /** Drops the pending notification of a healthcheck that was removed. */
  forget(id: HealthcheckId): void {
    this.#pending.remove(id);
    this.#releaseDrained();
  }

  /** Sends every known state to a new client, and from here on every state change. */
  resync(): void {
    this.#listening = true;
    this.#blocked = false;
    this.#pending.clear();
    this.#refreshEvery(this.#settings.notifyIntervalMs);
    this.#refresh();
  }

  /** Drops all pending notifications: the client has disconnected. */
  disconnected(): void {
    this.#listening = false;
    this.#pending.clear();
    clearTimeout(this.#batchTimer);
    this.#batchTimer = undefined;
    clearInterval(this.#refreshTimer);
    this.#releaseDrained();
  }

  /** Continues to send: the client has read everything so far. */
  writable(): void {
    this.#blocked = false;
    this.#schedule();
  }

  /** Sends everything that is pending, due or not, for the end of the process; settles when nothing is, or the signal aborts. */
  async drain(signal: AbortSignal): Promise<void> {
    this.#draining = true;
    this.#schedule();
    if (this.#pending.size > 0) await this.#drainWaiters.wait(signal);
  }

  #releaseDrained(): void {
    if (this.#pending.size > 0) return;
    this.#isExpedited = false;
    this.#drainWaiters.release();
  }

  /** Returns why a batch is due; while the notifier drains, or after an operator's command, any that is pending is. */
  #due(nowMs: number): Trigger | undefined {
    const trigger = this.#pending.due(nowMs, this.#settings);
    return (this.#draining || this.#isExpedited) && this.#pending.size > 0 ? "time_delay" : trigger;
  }

  #refreshEvery(intervalMs: number): void {
    clearInterval(this.#refreshTimer);
    this.#refreshTimer = setInterval(() => this.#refresh(), intervalMs);
  }

  #refresh(): void {
    const nowMs = this.#clock.nowMs();
    for (const notification of this.#measured()) this.#pending.put(notification, nowMs, "again");
    this.#schedule();
  }

  /** Sends a batch if one is due, and sets the timer for the next one. */
  #schedule(): void {
    this.#watchCongestion();
    if (this.#blocked) return;
    const nowMs = this.#clock.nowMs();
    const trigger = this.#due(nowMs);
    if (trigger !== undefined && !this.#trySend(trigger)) {
      this.#scheduleIn(this.#draining ? DRAIN_RETRY_MS : RETRY_MS);
      return;
    }
    const { sinceMs } = this.#pending;
    if (sinceMs === undefined || this.#blocked) return;
    // Batches that are due and did not fit into this turn are sent in the next.
    const dueNow = this.#due(nowMs) !== undefined;
    if (this.#batchTimer !== undefined && !dueNow) return;
    const delayMs = dueNow ? 0 : Math.max(0, sinceMs + this.#settings.delayMs - nowMs);
    this.#scheduleIn(delayMs);
  }

  #scheduleIn(delayMs: number): void {
    clearTimeout(this.#batchTimer);
    this.#batchTimer = setTimeout(() => {
      this.#batchTimer = undefined;
      this.#schedule();
    }, delayMs);
  }

  /** @returns false after an exception */
  #trySend(trigger: Trigger): boolean {
    try {
      this.#send(trigger);
      return true;
    } catch (error) {
      this.#observer.fault(error);
      return false;
    }
  }

  /** Sends batches: all full ones, and if the delay is over the rest as well. */
  #send(trigger: Trigger): void {
    const { maxSize } = this.#settings;
    const startMs = this.#clock.nowMs();
    let nowMs = startMs;
    let left =
      trigger === "time_delay" ? this.#pending.size : this.#pending.size - (this.#pending.size % maxSize);
    while (left > 0 && nowMs - startMs < SLICE_MS) {
      const batch = this.#pending.first(Math.min(left, maxSize, MAX_PER_MESSAGE));
      const waitedMs = nowMs - (this.#pending.sinceMs ?? nowMs);
      const taken = this.#delivery.deliver(batch);
      if (taken === 0) {
        this.#blocked = true;
        return;
      }
      const delivered = batch.slice(0, taken);
      const changedMs = this.#pending.settle(delivered);
      left -= taken;
      nowMs = this.#clock.nowMs();
      const latenciesMs = changedMs.map((sinceMs) => nowMs - sinceMs);
      const reason = taken === maxSize ? "size_limit" : trigger;
      this.#observer.sent(reason, waitedMs, latenciesMs, delivered);
    }
    this.#releaseDrained();
  }

  #watchCongestion(): void {
    const congested = this.#pending.size > this.#settings.channelSize;
    if (congested && !this.#congested && this.#blocked) this.#observer.congested(this.#pending.size);
    this.#congested = congested && this.#blocked;
  }
}
