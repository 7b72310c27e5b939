/**
 * Delivery: gathers changes of state for a moment, hands them to the control plane in batches, and tells everything known again
 * now and then. When the client does not read, what waits stays here, one entry an id, and nothing piles up.
 */
import type { HealthcheckId } from "../model/id.ts";
import type { Notification } from "../model/status.ts";
import type { Clock } from "../system/clock.ts";
import { type BatchLimits, Pending, type Trigger } from "./pending.ts";

/** Sending goes on for so long before checks have their turn; milliseconds. */
const SLICE_MS = 4;
/** After an exception it is tried again so much later; milliseconds. */
const RETRY_MS = 1_000;
/** Handed over at once at the most; about what a line of the protocol holds. */
const MAX_A_MESSAGE = 300;

/** The control plane, as the notifier sees it. */
export interface Delivery {
  /** @returns how many of them were taken, the first ones; 0 when there is no room now */
  deliver(batch: readonly Notification[]): number;
}

/** What the notifier is told by the configuration. */
export interface BatchSettings extends BatchLimits {
  /** Everything known is told again after so long. */
  readonly notifyIntervalMs: number;
  /** More ids than this waiting is counted: the client does not keep up and states are coalesced. */
  readonly channelSize: number;
}

/** Who hears what the notifier does. */
export interface NotifierObserver {
  /**
   * The control plane took a batch.
   *
   * @param waitedMs - since its first entry came
   * @param latenciesMs - of each change of state in it, from the result until now
   * @param delivered - what was in it
   */
  sent(
    trigger: Trigger,
    waitedMs: number,
    latenciesMs: readonly number[],
    delivered: readonly Notification[],
  ): void;
  /** More wait than the channel holds; told once until it has emptied. */
  congested(waiting: number): void;
  /** An exception where none should be; what was not taken still waits, and is tried again. */
  fault(error: unknown): void;
}

/** See the head of the file. */
export class Notifier {
  readonly #clock: Clock;
  readonly #delivery: Delivery;
  readonly #known: () => Iterable<Notification>;
  readonly #observer: NotifierObserver;
  readonly #pending = new Pending();
  #settings: BatchSettings;
  #listening = false;
  #blocked = false;
  #congested = false;
  #batchTimer: ReturnType<typeof setTimeout> | undefined;
  #refreshTimer: ReturnType<typeof setInterval> | undefined;

  /** @param known - everything that has been measured */
  constructor(
    clock: Clock,
    delivery: Delivery,
    known: () => Iterable<Notification>,
    settings: BatchSettings,
    observer: NotifierObserver,
  ) {
    this.#clock = clock;
    this.#delivery = delivery;
    this.#known = known;
    this.#settings = settings;
    this.#observer = observer;
  }

  /** Ids that wait to be told. */
  get waiting(): number {
    return this.#pending.size;
  }

  /** Takes over new settings. */
  configure(settings: BatchSettings): void {
    const refreshChanged = settings.notifyIntervalMs !== this.#settings.notifyIntervalMs;
    this.#settings = settings;
    if (refreshChanged && this.#listening) this.#refreshEvery(settings.notifyIntervalMs);
    clearTimeout(this.#batchTimer);
    this.#batchTimer = undefined;
    this.#schedule();
  }

  /** A state changed. Nobody listening, it is told with the next resync. */
  notify(notification: Notification): void {
    if (!this.#listening) return;
    this.#pending.put(notification, this.#clock.nowMs(), "changed");
    this.#schedule();
  }

  /** A healthcheck is gone: what it had to say is of no use. */
  forget(id: HealthcheckId): void {
    this.#pending.remove(id);
  }

  /** A client that knows nothing: tells it everything, and from here on every change. */
  resync(): void {
    this.#listening = true;
    this.#blocked = false;
    this.#pending.clear();
    this.#refreshEvery(this.#settings.notifyIntervalMs);
    this.#refresh();
  }

  /** The client is gone. */
  disconnected(): void {
    this.#listening = false;
    this.#pending.clear();
    clearTimeout(this.#batchTimer);
    this.#batchTimer = undefined;
    clearInterval(this.#refreshTimer);
  }

  /** There is room again. */
  writable(): void {
    this.#blocked = false;
    this.#schedule();
  }

  /** Sends what waits, due or not; for the end of the process. */
  flush(): void {
    if (this.#listening) this.#trySend("time_delay");
  }

  #refreshEvery(intervalMs: number): void {
    clearInterval(this.#refreshTimer);
    this.#refreshTimer = setInterval(() => this.#refresh(), intervalMs);
  }

  #refresh(): void {
    const nowMs = this.#clock.nowMs();
    for (const notification of this.#known()) this.#pending.put(notification, nowMs, "again");
    this.#schedule();
  }

  /** Sends when a batch is due, and sees to it that the next one is not forgotten. */
  #schedule(): void {
    this.#watchCongestion();
    if (this.#blocked) return;
    const nowMs = this.#clock.nowMs();
    const trigger = this.#pending.due(nowMs, this.#settings);
    if (trigger !== undefined && !this.#trySend(trigger)) {
      this.#scheduleIn(RETRY_MS);
      return;
    }
    const { sinceMs } = this.#pending;
    if (sinceMs === undefined || this.#blocked) return;
    // What is due and did not fit into this turn goes on in the next.
    const dueNow = this.#pending.due(nowMs, this.#settings) !== undefined;
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

  /** Sends batches: full ones while there are any, and for a delay that is over the rest as well. */
  #send(trigger: Trigger): void {
    const { maxSize } = this.#settings;
    const startMs = this.#clock.nowMs();
    let nowMs = startMs;
    let left =
      trigger === "time_delay" ? this.#pending.size : this.#pending.size - (this.#pending.size % maxSize);
    while (left > 0 && nowMs - startMs < SLICE_MS) {
      const batch = this.#pending.first(Math.min(left, maxSize, MAX_A_MESSAGE));
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
  }

  #watchCongestion(): void {
    const congested = this.#pending.size > this.#settings.channelSize;
    if (congested && !this.#congested && this.#blocked) this.#observer.congested(this.#pending.size);
    this.#congested = congested && this.#blocked;
  }
}
