/** What the log says of the daemon's own troubles: it stood still, its descriptors are few or used up. Called by daemon.ts. */
import { RateLimiter } from "../logging/limiter.ts";
import type { LogFields, Logger } from "../logging/logger.ts";
import { DescriptorShortage } from "../system/descriptors.ts";

/** What may happen on every tick is logged so often. */
const LOG_PERIOD_MS = 10_000;

/** See the head of the file. */
export class OverloadLog {
  readonly #log: Logger;
  readonly #outside: (say: () => void) => void;
  readonly #limiter = new RateLimiter(LOG_PERIOD_MS);
  #shortage: DescriptorShortage | undefined;

  /** @param outside - says something in no span, whoever's tick it is */
  constructor(log: Logger, outside: (say: () => void) => void) {
    this.#log = log;
    this.#outside = outside;
  }

  /** The event loop stood still for so long. */
  stalled(stallMs: number): void {
    this.#warnNowAndThen("The process stood still, time-outs have been moved", {
      stalled_ms: Math.round(stallMs),
    });
  }

  /** Checks wait for descriptors. @param limit - so many are for checks @param waiting - checks that are due */
  exhausted(limit: number, waiting: number): void {
    this.#warnNowAndThen(
      "Checks are late: all descriptors for checks are in use, raise the limit (LimitNOFILE)",
      { for_checks: limit, waiting },
    );
  }

  /** A list was taken in: before its checks have to wait for each other. @param limit - of the process */
  listed(healthchecks: number, limit: number): void {
    this.#shortage ??= new DescriptorShortage(limit);
    const needed = this.#shortage.begins(healthchecks);
    if (needed === undefined) return;
    this.#log.warn(
      "There may be too few descriptors: with every backend silent, checks would wait for each other, raise the limit (LimitNOFILE)",
      { healthchecks, limit, needed },
    );
  }

  #warnNowAndThen(message: string, fields: LogFields): void {
    const suppressed = this.#limiter.admit(message, performance.now());
    if (suppressed === undefined) return;
    this.#outside(() => this.#log.warn(message, { ...fields, suppressed }));
  }
}
