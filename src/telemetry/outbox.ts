/**
 * Finished spans on their way to the collector: a bounded buffer, sent in batches, one at a time. Nothing that the collector does costs
 * a check anything: when it cannot be reached the spans wait, when the buffer is full the newest are lost and counted, and the log
 * says so once a minute.
 */
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { RateLimiter } from "../logging/limiter.ts";
import type { Logger } from "../logging/logger.ts";
import type { SpanSink } from "./tracer.ts";

/** So many spans are kept, those on their way included. */
export const MOST_SPANS = 2_048;
/** So many go together. */
const BATCH = 256;
/** A span after a pause waits so long for others … */
const GATHER_MS = 1_000;
/** … and where they keep coming, batches go so far apart: each costs as much as many spans. */
const APART_MS = 5_000;
/** Full ones follow each other no faster: when ten thousand checks start or fail at once, the checks come first. */
const FULL_APART_MS = 100;
/** After a failure it is tried again so much later, twice as much after each further one. */
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;
const WARN_PERIOD_MS = 60_000;
/** An exporter that keeps no time of its own is given up so much after it. */
const GRACE_MS = 2_000;

/** Why spans were not delivered. */
export interface ExportFailure {
  /** Without secrets. */
  readonly words: string;
  /** Whether the same spans may be taken later. */
  readonly retry: boolean;
}

/** Sends spans to a collector. */
export interface Exporter {
  /** @returns what went wrong; undefined when they were taken */
  export(spans: readonly ReadableSpan[]): Promise<ExportFailure | undefined>;
  /** Hears, before the delivery that it is part of has failed, that no connection came about: a delivery may try for a while. */
  trouble?: (words: string) => void;
  /** Closes its connections. */
  close(): void;
}

/** What an outbox is told. */
export interface OutboxSettings {
  /** The collector as it may be logged. */
  readonly endpoint: string;
  /** What one delivery may take; milliseconds. */
  readonly timeoutMs: number;
  /** Counts spans that are lost. */
  readonly lost: (count: number) => void;
}

/** What it needs of a log. */
export type OutboxLog = Pick<Logger, "info" | "warn">;

/** See the head of the file. */
export class Outbox implements SpanSink {
  readonly #exporter: Exporter;
  readonly #settings: OutboxSettings;
  readonly #log: OutboxLog;
  readonly #limiter = new RateLimiter(WARN_PERIOD_MS);
  readonly #spans: ReadableSpan[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The timer is set for a full batch. */
  #soon = false;
  #sending: Promise<boolean> | undefined;
  #retryMs = 0;
  #sentMs = Number.NEGATIVE_INFINITY;
  #untoldLost = 0;
  #trouble = "";
  #warned = false;
  #closed = false;

  constructor(exporter: Exporter, settings: OutboxSettings, log: OutboxLog) {
    this.#exporter = exporter;
    this.#settings = settings;
    this.#log = log;
    exporter.trouble = (words) => this.#warn(words);
  }

  /** Spans that wait or are on their way. */
  get waiting(): number {
    return this.#spans.length;
  }

  get full(): boolean {
    return this.#closed || this.#spans.length >= MOST_SPANS;
  }

  lose(): void {
    this.#count(1);
    this.#warn(this.#trouble === "" ? "spans come faster than they can be delivered" : this.#trouble);
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
   * Sends what waits, for the end of the process; nothing is taken afterwards.
   *
   * @returns how many spans were left
   */
  async close(withinMs: number): Promise<number> {
    const endMs = performance.now() + withinMs;
    clearTimeout(this.#timer);
    this.#closed = true;
    const deadline = Bun.sleep(withinMs).then(() => false);
    let delivered: boolean = await Promise.race([this.#sending ?? Promise.resolve(true), deadline]);
    while (delivered && this.#spans.length > 0 && performance.now() < endMs) {
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
    this.#sending = this.#tryExport(batch).then((failure) => {
      this.#sending = undefined;
      if (failure?.retry !== true) this.#spans.splice(0, batch.length);
      if (failure === undefined) {
        this.#retryMs = 0;
        this.#recovered();
      } else {
        this.#retryMs = Math.min(LAST_RETRY_MS, Math.max(FIRST_RETRY_MS, this.#retryMs * 2));
        if (!failure.retry) this.#count(batch.length);
        this.#warn(failure.words);
      }
      this.#schedule();
      return failure === undefined;
    });
    return this.#sending;
  }

  async #tryExport(batch: readonly ReadableSpan[]): Promise<ExportFailure | undefined> {
    const guardMs = this.#settings.timeoutMs + GRACE_MS;
    const guard = Promise.withResolvers<ExportFailure>();
    const timer = setTimeout(
      () => guard.resolve({ words: `no answer within ${guardMs}ms`, retry: true }),
      guardMs,
    );
    try {
      return await Promise.race([this.#exporter.export(batch), guard.promise]);
    } catch (error) {
      // What went wrong inside could quote what it was given.
      return { words: error instanceof Error ? error.name : "fault", retry: false };
    } finally {
      clearTimeout(timer);
    }
  }

  #count(lost: number): void {
    this.#untoldLost += lost;
    this.#settings.lost(lost);
  }

  #warn(words: string): void {
    this.#trouble = words;
    if (this.#closed || this.#limiter.admit("traces", performance.now()) === undefined) return;
    const fields = { endpoint: this.#settings.endpoint, error: words, waiting: this.#spans.length };
    this.#log.warn("Cannot deliver traces", { ...fields, lost: this.#untoldLost });
    this.#warned = true;
    this.#untoldLost = 0;
  }

  #recovered(): void {
    this.#trouble = "";
    // Said as often as the trouble was.
    if (!this.#warned) return;
    this.#log.info("Traces are delivered again", { lost: this.#untoldLost });
    this.#warned = false;
    this.#untoldLost = 0;
  }
}
