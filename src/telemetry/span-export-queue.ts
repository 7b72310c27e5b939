/**
 * Finished spans on their way to the collector: a bounded queue, sent in batches, one at a time. The collector never
 * delays a check: while it is unreachable the spans wait, when the queue is full the newest are lost and counted, and
 * the log reports it once a minute.
 */
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { Waiters } from "../model/waiters.ts";
import { DeliveryLog, type OwnLog } from "./delivery-log.ts";
import type { Exporter, ExportOutcome } from "./exporter.ts";
import type { SpanSink } from "./tracer.ts";

/** Maximum number of spans in the queue, including those being sent. */
export const MAX_SPANS = 2_048;
/** Maximum number of spans in a batch. */
const BATCH = 256;
/** Time for which the first span after a pause waits for others; milliseconds. */
const GATHER_MS = 1_000;
/** Interval of batches under steady load, because each batch costs as much as many spans; milliseconds. */
const APART_MS = 5_000;
/** Least interval of full batches: when ten thousand checks start or fail together, the checks come first. */
const FULL_APART_MS = 100;
/** Delay before the first retry; it doubles with each further one. */
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;
/** Time after its timeout at which an exporter that keeps no time of its own is abandoned. */
const GRACE_MS = 2_000;

/** Settings of a queue. */
export interface SpanQueueSettings {
  /** The collector as it may be logged. */
  readonly endpoint: string;
  /** Time limit of one delivery; milliseconds. */
  readonly timeoutMs: number;
  /** Counts spans that are lost. */
  readonly lost: (count: number) => void;
}

/**
 * Bounded queue of finished spans that exports them in batches, one at a time. Spans wait while the collector is unreachable; when the
 * queue is full, new spans are dropped and counted.
 */
export class SpanExportQueue implements SpanSink {
  readonly #exporter: Exporter;
  readonly #settings: SpanQueueSettings;
  readonly #log: DeliveryLog;
  readonly #spans: ReadableSpan[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The timer is set for a full batch. */
  #soon = false;
  #sending: Promise<boolean> | undefined;
  #retryMs = 0;
  #sentMs = Number.NEGATIVE_INFINITY;
  /** Reason why deliveries fail; empty when they succeed. */
  #problem = "";
  /** Spans were lost and it is not known why. */
  #overflowed = false;
  #closed = false;

  constructor(exporter: Exporter, settings: SpanQueueSettings, log: OwnLog) {
    this.#exporter = exporter;
    this.#settings = settings;
    this.#log = new DeliveryLog(settings.endpoint, log);
    exporter.onError = (message) => this.#failed(message);
  }

  /** Spans that wait or are on their way. */
  get waiting(): number {
    return this.#spans.length;
  }

  get full(): boolean {
    return this.#closed || this.#spans.length >= MAX_SPANS;
  }

  lose(): void {
    this.#count(1);
    // Without a reason yet, the delivery that is under way or about to be will show it.
    if (this.#problem === "") this.#overflowed = true;
    else this.#warn(this.#problem);
  }

  put(span: ReadableSpan): void {
    if (this.full) {
      this.lose();
      return;
    }
    this.#spans.push(span);
    this.#schedule();
  }

  /**
   * Sends the queued spans until the signal aborts, then closes the exporter. Further spans are dropped.
   *
   * @returns number of spans that were not delivered
   */
  async close(signal: AbortSignal): Promise<number> {
    clearTimeout(this.#timer);
    this.#closed = true;
    const deadline = new Waiters().wait(signal).then(() => false);
    let delivered: boolean = await Promise.race([this.#sending ?? Promise.resolve(true), deadline]);
    while (delivered && this.#spans.length > 0 && !signal.aborted) {
      delivered = await Promise.race([this.#send(), deadline]);
    }
    this.#exporter.close();
    return this.#spans.length;
  }

  #schedule(): void {
    if (this.#closed || this.#sending !== undefined || this.#spans.length === 0) return;
    const full = this.#spans.length >= BATCH && this.#retryMs === 0;
    if (this.#timer !== undefined && (this.#soon || !full)) return;
    clearTimeout(this.#timer);
    this.#soon = full;
    const sinceMs = performance.now() - this.#sentMs;
    const delayMs = full
      ? Math.max(0, FULL_APART_MS - sinceMs)
      : Math.max(this.#retryMs, GATHER_MS, APART_MS - sinceMs);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#send();
    }, delayMs);
  }

  /** Sends one batch. @returns whether it was taken */
  #send(): Promise<boolean> {
    const batch = this.#spans.slice(0, BATCH);
    this.#sentMs = performance.now();
    this.#sending = this.#tryExport(batch).then((outcome) => {
      this.#sending = undefined;
      const taken = this.#handleOutcome(outcome, batch.length);
      this.#schedule();
      return taken;
    });
    return this.#sending;
  }

  /** Handles the outcome of the oldest spans. @returns true when they leave the queue */
  #handleOutcome(outcome: ExportOutcome, count: number): boolean {
    if (outcome !== undefined && "retry" in outcome) {
      this.#retryMs = Math.min(LAST_RETRY_MS, Math.max(FIRST_RETRY_MS, this.#retryMs * 2));
      if (!outcome.retry) {
        this.#spans.splice(0, count);
        this.#count(count);
      }
      this.#failed(outcome.message);
      return false;
    }
    this.#spans.splice(0, count);
    this.#retryMs = 0;
    this.#problem = "";
    if (outcome !== undefined && outcome.rejected > 0) {
      this.#count(outcome.rejected);
      this.#warn(outcome.message);
      return true;
    }
    if (outcome !== undefined && !this.#closed) this.#log.remarked(outcome.message);
    if (this.#overflowed) {
      const tookS = ((performance.now() - this.#sentMs) / 1_000).toFixed(1);
      this.#warn(`spans are created faster than they can be delivered; delivering ${count} took ${tookS}s`);
    } else this.#log.succeeded();
    this.#overflowed = false;
    return true;
  }

  async #tryExport(batch: readonly ReadableSpan[]): Promise<ExportOutcome> {
    const guardMs = this.#settings.timeoutMs + GRACE_MS;
    const guard = Promise.withResolvers<ExportOutcome>();
    const timer = setTimeout(
      () => guard.resolve({ message: `no answer within ${guardMs}ms`, retry: true }),
      guardMs,
    );
    try {
      return await Promise.race([this.#exporter.export(batch), guard.promise]);
    } catch (error) {
      // The error of a fault inside could quote secrets that were passed to it.
      return { message: error instanceof Error ? error.name : "fault", retry: false };
    } finally {
      clearTimeout(timer);
    }
  }

  #count(lost: number): void {
    this.#log.lost(lost);
    this.#settings.lost(lost);
  }

  /** Nothing can be delivered. */
  #failed(message: string): void {
    this.#problem = message;
    this.#overflowed = false;
    this.#warn(message);
  }

  #warn(message: string): void {
    if (!this.#closed) this.#log.failed(message, this.#spans.length);
  }
}
