/** Metrics of the sinks of state changes, `events` of the configuration. */
import type { Counter, Gauge, Registry } from "prom-client";
import { familyMaker } from "./family-maker.ts";

/** Counts and queue length of one sink, at the moment of a scrape. */
export interface SinkFigures {
  readonly sent: number;
  readonly dropped: number;
  readonly failed: number;
  readonly depth: number;
}

/** The sinks that run, by name. */
export type SinkReadings = Iterable<readonly [name: string, figures: SinkFigures]>;

/** Keeps the families of the sinks; without a sink they have no series. */
export class EventFamilies {
  readonly #counters: Readonly<Record<"sent" | "dropped" | "failed", Counter<"sink">>>;
  readonly #depth: Gauge<"sink">;
  readonly #reported = new Map<string, SinkFigures>();

  constructor(registry: Registry) {
    const make = familyMaker(registry);
    this.#counters = {
      sent: make.counter("events_sent_total", "State changes that a sink has received, by sink.", ["sink"]),
      dropped: make.counter(
        "events_dropped_total",
        "State changes that were dropped: the queue of the sink was full, or it rejected them.",
        ["sink"],
      ),
      failed: make.counter("events_failed_total", "Failed deliveries, and ends of the process, by sink.", [
        "sink",
      ]),
    };
    this.#depth = make.gauge("events_queue_depth", "State changes that wait for a sink.", ["sink"]);
  }

  /** Sets the families to the counts of the sinks. */
  set(readings: SinkReadings): void {
    for (const [sink, figures] of readings) {
      const before = this.#reported.get(sink);
      for (const kind of ["sent", "dropped", "failed"] as const)
        this.#counters[kind].inc({ sink }, figures[kind] - (before?.[kind] ?? 0));
      this.#depth.set({ sink }, figures.depth);
      this.#reported.set(sink, { ...figures });
    }
  }
}
