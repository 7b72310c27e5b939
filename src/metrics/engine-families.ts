/** The families of the calls to the engine. They exist only where the engine is the control plane. */
import type { Counter, Gauge, Histogram } from "prom-client";
import { ENGINE_METHODS, type EngineMethod } from "../model/peer.ts";
import type { FamilyMaker } from "./family-maker.ts";

/** Seconds; the last one is the timeout of a call. */
const DURATION_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Metrics of the calls to the engine, by method. */
export class EngineFamilies {
  readonly #duration: Histogram<"method">;
  readonly #failures: Counter<"method">;
  readonly #succeededAt: Gauge<"method">;

  constructor(make: FamilyMaker) {
    const duration = "Duration of calls to the engine, failed ones included, by method.";
    this.#duration = make.histogram("engine_call_duration_seconds", duration, DURATION_BOUNDS, ["method"]);
    const failures = "Calls to the engine that failed, by method.";
    this.#failures = make.counter("engine_call_failures_total", failures, ["method"]);
    const succeededAt =
      "Time of the last successful call to the engine since the Unix epoch in seconds, by method. Absent before the first one.";
    this.#succeededAt = make.gauge("engine_last_success_timestamp_seconds", succeededAt, ["method"]);
    for (const method of ENGINE_METHODS) {
      this.#duration.zero({ method });
      this.#failures.inc({ method }, 0);
    }
  }

  /** Records a call that has ended. @param wallMs - now */
  called(method: EngineMethod, durationMs: number, isGood: boolean, wallMs: number): void {
    this.#duration.observe({ method }, durationMs / 1_000);
    if (isGood) this.#succeededAt.set({ method }, wallMs / 1_000);
    else this.#failures.inc({ method });
  }
}
