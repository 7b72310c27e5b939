/** What the log says of deliveries: that they fail once a minute, and that they succeed again as often as that. */
import { RateLimiter } from "../logging/limiter.ts";
import type { Logger } from "../logging/logger.ts";

const WARN_PERIOD_MS = 60_000;

/** What it needs of a log. */
export type OwnLog = Pick<Logger, "info" | "warn">;

/** Logs failed and recovered trace deliveries, at most one line of each kind a minute. */
export class DeliveryLog {
  readonly #endpoint: string;
  readonly #log: OwnLog;
  readonly #limiter = new RateLimiter(WARN_PERIOD_MS);
  #unreportedLost = 0;
  #warned = false;

  /** @param endpoint - the collector as it may be logged */
  constructor(endpoint: string, log: OwnLog) {
    this.#endpoint = endpoint;
    this.#log = log;
  }

  /** Spans are lost; the next line says how many. */
  lost(count: number): void {
    this.#unreportedLost += count;
  }

  /** Spans are not delivered. @param waiting - so many are kept */
  failed(message: string, waiting: number): void {
    if (!this.#mayWarn("traces")) return;
    const fields = { endpoint: this.#endpoint, error: message, waiting, lost: this.#unreportedLost };
    this.#log.warn("Cannot deliver traces", fields);
    this.#warned = true;
    this.#unreportedLost = 0;
  }

  /** A collector has taken everything and has something to say. */
  remarked(message: string): void {
    // By itself, or it would keep a failure from being told.
    if (!this.#mayWarn("remark")) return;
    this.#log.warn("Collector returned a warning", { endpoint: this.#endpoint, warning: message });
  }

  /** Everything was taken. */
  succeeded(): void {
    if (!this.#warned) return;
    this.#log.info("Trace delivery recovered", { lost: this.#unreportedLost });
    this.#warned = false;
    this.#unreportedLost = 0;
  }

  #mayWarn(about: string): boolean {
    return this.#limiter.admit(about, performance.now()) !== undefined;
  }
}
