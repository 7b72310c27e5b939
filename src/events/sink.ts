/** Common parts of the process and the webhook that receive events: a queue, counts, and a pause that grows with each failure. */
import type { Logger } from "../logging/logger.ts";
import { EventQueue } from "./event-queue.ts";

/** Receivers of events, by the names of their configuration keys. */
export const SINK_NAMES = ["exec", "webhook"] as const;
/** One of {@link SINK_NAMES}. */
export type SinkName = (typeof SINK_NAMES)[number];

/** Counts of one sink since the start of the process. */
export interface SinkCounts {
  /** Events that were written to the process, or that the webhook accepted. */
  sent: number;
  /** Events that were dropped: the queue was full, or the webhook rejected them. */
  dropped: number;
  /** Ends of the process, and deliveries that failed. */
  failed: number;
}

/** A receiver of events. */
export interface Sink {
  /** Number of events that wait. */
  readonly depth: number;
  /** Takes an event; never waits. @param event - JSON without line breaks */
  offer(event: string): void;
  /** Sends what waits, for as long as the signal allows, and stops. */
  stop(signal: AbortSignal): Promise<void>;
}

/** Minimum time between two lines about a full queue. */
const LOSS_LOG_MS = 60_000;
const MIN_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 60_000;

/** Returns the pause after a number of failures in a row. @param random - 0 to 1, so that servers do not retry together */
export function pauseMs(failures: number, random: number): number {
  return Math.min(MAX_PAUSE_MS, MIN_PAUSE_MS * 2 ** Math.min(failures - 1, 16)) * (0.75 + random / 2);
}

/** The queue of a sink, its counts, and the log lines at the beginning and the end of a loss. */
export class SinkQueue {
  readonly counts: SinkCounts;
  readonly #queue: EventQueue;
  readonly #name: SinkName;
  readonly #log: Logger;
  /** Dropped events that are not in the log yet. */
  #lost = 0;
  #isLossLogged = false;
  #nextLogMs = Number.NEGATIVE_INFINITY;
  #wake: (() => void) | undefined;

  /** @param counts - outlive a sink that is replaced */
  constructor(name: SinkName, maxLength: number, counts: SinkCounts, log: Logger) {
    this.#name = name;
    this.#queue = new EventQueue(maxLength);
    this.counts = counts;
    this.#log = log;
  }

  get length(): number {
    return this.#queue.length;
  }

  /** Adds an event. */
  push(event: string): void {
    const dropped = this.#queue.push(event);
    if (dropped > 0) {
      this.#logLoss();
      this.#lost += dropped;
      this.counts.dropped += dropped;
    }
    this.wake();
  }

  /** Removes the oldest events. */
  take(maxCount: number, maxChars: number): string[] {
    const taken = this.#queue.take(maxCount, maxChars);
    if (this.#queue.length === 0 && this.#isLossLogged) {
      this.#log.warn("Event queue is empty again", { sink: this.#name, dropped: this.#lost });
      this.#lost = 0;
      this.#isLossLogged = false;
    }
    return taken;
  }

  /** A queue that is full with each burst has a line now and then, not one for each. */
  #logLoss(): void {
    const nowMs = performance.now();
    if (this.#isLossLogged || nowMs < this.#nextLogMs) return;
    this.#isLossLogged = true;
    this.#nextLogMs = nowMs + LOSS_LOG_MS;
    this.#log.warn("Event queue is full, dropping the oldest events", { sink: this.#name });
  }

  /** Settles with the next event, or {@link wake}. */
  async next(): Promise<void> {
    if (this.#queue.length > 0) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Ends a wait. */
  wake(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

/** A pause that a stop can end. */
export class Pause {
  #end: (() => void) | undefined;

  /** Settles after a time, or {@link end}. */
  async wait(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#end = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#end = undefined;
  }

  /** Ends the pause. */
  end(): void {
    this.#end?.();
  }
}
