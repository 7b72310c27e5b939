/** Log lines about checks: every state change, and at a limited rate inconclusive checks and skipped starts. */
import { formatTarget } from "../checks/registry.ts";
import { RateLimiter } from "../logging/limiter.ts";
import type { Logger } from "../logging/logger.ts";
import { roundMs } from "../model/phases.ts";
import { formatResult } from "../model/result.ts";
import type { Clock } from "../system/clock.ts";
import type { Monitor, MonitorObserver } from "./monitor.ts";
import { isForced } from "./override.ts";
import type { Settlement, StateTransition } from "./settlement.ts";

/** Minimum time between two lines of a kind. */
const LOG_PERIOD_MS = 10_000;

/** Logs state changes, inconclusive checks and skipped starts. */
export class MonitorLog implements MonitorObserver {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #limiter = new RateLimiter(LOG_PERIOD_MS);

  constructor(log: Logger, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  settled(monitor: Monitor, settlement: Settlement): void {
    this.finished(monitor, settlement);
    if (settlement.transition !== undefined) this.changed(monitor, settlement.transition);
    if (settlement.damping !== undefined) this.damped(monitor, settlement.damping);
  }

  /** Logs the beginning and the end of damping. */
  damped({ spec, damping, health }: Monitor, edge: "began" | "ended"): void {
    const fields = { id: spec.id, target: formatTarget(spec.check), state: health.state };
    if (edge === "ended" || damping === undefined || spec.damping === undefined) {
      this.#log.info("Flapping has ended, the measured state is reported", fields);
      return;
    }
    this.#log.warn("Backend is flapping, it stays unhealthy until it is calm", {
      ...fields,
      penalty: Math.round(damping.penalty),
      suppress: spec.damping.suppress,
      reuse: spec.damping.reuse,
      calm_in_s: Math.ceil(damping.calmInMs / 1_000),
    });
  }

  /** Logs a result: every one at `debug`, inconclusive ones at `warn`, at most one per cause in {@link LOG_PERIOD_MS}. */
  finished({ spec }: Monitor, { result, latenessMs }: Settlement): void {
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

  /** Logs a state change. */
  changed({ spec, override }: Monitor, { from, to, result }: StateTransition): void {
    const fields = { id: spec.id, target: formatTarget(spec.check), old_state: from, new_state: to };
    const forced = isForced(override) ? { forced: override.action } : {};
    this.#log.info("Health state changed", { ...fields, ...forced, reason: formatResult(result) });
  }

  released(monitor: Monitor, transition: StateTransition, damping?: "began"): void {
    this.changed(monitor, transition);
    if (damping !== undefined) this.damped(monitor, damping);
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
