/** Log lines about overload of this process: stalls of the event loop, and too few file descriptors. */
import { RateLimiter } from "../logging/limiter.ts";
import type { LogFields, Logger } from "../logging/logger.ts";
import { DescriptorShortage } from "../system/descriptors.ts";

/** Minimum time between two lines about the same problem, which may recur on every tick. */
const LOG_PERIOD_MS = 10_000;

/** Warns about overload of this process, at a limited rate. */
export class OverloadLog {
  readonly #log: Logger;
  readonly #outsideSpans: (act: () => void) => void;
  readonly #limiter = new RateLimiter(LOG_PERIOD_MS);
  #shortage: DescriptorShortage | undefined;

  /** @param outsideSpans - runs code outside of every span; a tick may run inside that of an unrelated check */
  constructor(log: Logger, outsideSpans: (act: () => void) => void) {
    this.#log = log;
    this.#outsideSpans = outsideSpans;
  }

  /** Warns that the event loop stalled. */
  stalled(stallMs: number): void {
    this.#warn("Event loop stalled, check deadlines extended", { stalled_ms: Math.round(stallMs) });
  }

  /**
   * Warns that checks wait for descriptors.
   *
   * @param limit - number of descriptors for checks
   * @param waiting - number of due checks
   */
  exhausted(limit: number, waiting: number): void {
    const message = "Checks are late: all file descriptors for checks are in use; raise LimitNOFILE";
    this.#warn(message, { for_checks: limit, waiting });
  }

  /** Warns if a set needs more descriptors than there are, before its checks queue. @param limit - of the process */
  applied(healthchecks: number, limit: number): void {
    this.#shortage ??= new DescriptorShortage(limit);
    const needed = this.#shortage.begins(healthchecks);
    if (needed === undefined) return;
    this.#log.warn(
      "File descriptor limit may be too low: checks would queue if every backend hangs; raise LimitNOFILE",
      { healthchecks, limit, needed },
    );
  }

  #warn(message: string, fields: LogFields): void {
    const suppressed = this.#limiter.admit(message, performance.now());
    if (suppressed === undefined) return;
    this.#outsideSpans(() => this.#log.warn(message, { ...fields, suppressed }));
  }
}
