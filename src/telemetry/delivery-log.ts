/** Log lines about deliveries: failures at most once a minute, and recoveries as often. */
import { RateLimiter } from "../logging/limiter.ts";
import type { Logger } from "../logging/logger.ts";

const WARN_PERIOD_MS = 60_000;

/** Methods of the log that deliveries use. */
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

  /** Counts lost spans; the next line reports them. */
  lost(count: number): void {
    this.#unreportedLost += count;
  }

  /** Logs a failed delivery. @param waiting - number of spans that are kept */
  failed(message: string, waiting: number): void {
    if (!this.#mayWarn("traces")) return;
    const fields = { endpoint: this.#endpoint, error: message, waiting, lost: this.#unreportedLost };
    this.#log.warn("Cannot deliver traces", fields);
    this.#warned = true;
    this.#unreportedLost = 0;
  }

  /** Logs the message of a collector that has accepted the spans. */
  remarked(message: string): void {
    // Limited separately, or it would suppress the line of a failure.
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
