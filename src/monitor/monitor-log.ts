/** What the log says of checks: every change of state, and, not too often, what went wrong on our own side. */

import { formatTarget } from "../checks/registry.ts";
import { RateLimiter } from "../logging/limiter.ts";
import type { Logger } from "../logging/logger.ts";
import { roundMs } from "../model/phases.ts";
import { type CheckResult, type Conclusive, formatResult } from "../model/result.ts";
import type { State } from "../model/status.ts";
import type { Clock } from "../system/clock.ts";
import type { Monitor, MonitorObserver } from "./monitor.ts";

/** One line a kind within this time. */
const PERIOD_MS = 10_000;

/** See the head of the file. */
export class MonitorLog implements MonitorObserver {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #limiter = new RateLimiter(PERIOD_MS);

  constructor(log: Logger, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  finished({ spec }: Monitor, result: CheckResult, latenessMs: number): void {
    if (result.outcome === "inconclusive") {
      const suppressed = this.#limiter.admit(result.cause, this.#clock.nowMs());
      if (suppressed === undefined) return;
      const fields = { id: spec.id, target: formatTarget(spec.check), reason: formatResult(result) };
      this.#log.warn("Check inconclusive, state unchanged", { ...fields, cause: result.cause, suppressed });
    } else if (this.#log.enabled("debug")) {
      const { durationMs } = result;
      const fields = { id: spec.id, target: formatTarget(spec.check), result: formatResult(result) };
      this.#log.debug("Check finished", {
        ...fields,
        duration_ms: roundMs(durationMs),
        lateness_ms: roundMs(latenessMs),
      });
    }
  }

  changed({ spec, status }: Monitor, from: State, result: Conclusive): void {
    const fields = {
      id: spec.id,
      target: formatTarget(spec.check),
      old_state: from,
      new_state: status.state,
    };
    this.#log.info("Health state changed", { ...fields, reason: formatResult(result) });
  }

  skipped({ spec }: Monitor, count: number, why: "running" | "late"): void {
    const suppressed = this.#limiter.admit(`skipped ${why}`, this.#clock.nowMs());
    if (suppressed === undefined) return;
    const reason = why === "running" ? "the last check is still running" : "this process did not run in time";
    this.#log.warn("Check skipped", {
      id: spec.id,
      target: formatTarget(spec.check),
      count,
      reason,
      suppressed,
    });
  }
}
