/** Spans of batches, linked to the state changes that they report. */
import { type Link, SpanKind } from "@opentelemetry/api";
import type { Notification } from "../model/status.ts";
import type { CheckTraces } from "./check-traces.ts";
import type { SpanScope } from "./scope.ts";
import type { Timeline } from "./span-clock.ts";
import { isSampled, type Tracer } from "./tracer.ts";

const BATCH = "healthcheck.batch_send";

/** Makes the spans of batches. */
export class DeliveryTraces {
  readonly #tracer: Tracer;
  readonly #scope: SpanScope;
  readonly #timeline: Timeline;
  readonly #checks: CheckTraces;

  constructor(tracer: Tracer, scope: SpanScope, timeline: Timeline, checks: CheckTraces) {
    this.#tracer = tracer;
    this.#scope = scope;
    this.#timeline = timeline;
    this.#checks = checks;
  }

  /**
   * Traces a sent batch together with the state changes in it. A batch that only repeats known states is traced where
   * everything is.
   *
   * @param waitedMs - since its first entry was added
   * @param send - logs the batch, within its span
   */
  sent(delivered: readonly Notification[], trigger: string, waitedMs: number, send: () => void): void {
    const links: Link[] = [];
    for (const { id } of delivered) {
      const context = this.#checks.takeContext(id);
      if (context !== undefined) links.push({ context });
    }
    const context = this.#contextOf(links.length);
    if (context === undefined) {
      this.#scope.run(undefined, send);
      return;
    }
    const endMs = this.#timeline.now();
    this.#tracer.finish(context, {
      name: BATCH,
      kind: SpanKind.PRODUCER,
      startMs: endMs - waitedMs,
      endMs,
      attributes: { "healthcheck.batch.size": delivered.length, "healthcheck.batch.trigger": trigger },
      links,
    });
    this.#scope.run(context, send);
  }

  #contextOf(changes: number) {
    if (changes > 0) return this.#tracer.forcedRoot();
    if (!this.#checks.all) return undefined;
    const context = this.#tracer.root(BATCH, SpanKind.PRODUCER);
    return isSampled(context) ? context : undefined;
  }
}
