/** Spans of the calls to the engine. A report takes the place of a batch: it is linked to the state changes in it. */
import { type Attributes, type Link, type SpanContext, SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { ATTR_ERROR_TYPE } from "@opentelemetry/semantic-conventions";
import type { CallSpan, EngineTracing } from "../control/engine-tracing.ts";
import type { HealthcheckId } from "../model/id.ts";
import type { Notification } from "../model/status.ts";
import type { CheckTraces } from "./check-traces.ts";
import type { SpanScope } from "./scope.ts";
import type { Timeline } from "./span-clock.ts";
import { isSampled, type Tracer } from "./tracer.ts";

const FETCH = "healthcheck.engine_fetch";
const REPORT = "healthcheck.engine_report";

/** State of a span while its call runs. */
class OpenCall implements CallSpan {
  readonly attributes: Attributes = {};
  error: string | undefined;

  failed(type: string, message: string): void {
    this.attributes[ATTR_ERROR_TYPE] = type;
    this.error = message;
  }
}

/** Makes the spans of fetches and reports. */
export class EngineTraces implements EngineTracing {
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

  async fetch(act: (span: CallSpan) => Promise<void>): Promise<void> {
    const call = new OpenCall();
    const context = this.#tracer.root(FETCH, SpanKind.CLIENT);
    const startMs = this.#timeline.now();
    await this.#scope.runLong(context, () => act(call));
    this.#finish(FETCH, context, call, startMs, []);
  }

  async report(batch: readonly Notification[], act: (span: CallSpan) => Promise<void>): Promise<void> {
    const changes = batch.flatMap(({ id }) => this.#changeOf(id));
    const isTraced = changes.length > 0 || this.#checks.all;
    const context =
      changes.length > 0 ? this.#tracer.forcedRoot() : this.#tracer.root(REPORT, SpanKind.CLIENT);
    const call = new OpenCall();
    call.attributes["healthcheck.batch.size"] = batch.length;
    const startMs = this.#timeline.now();
    if (isTraced) await this.#scope.runLong(context, () => act(call));
    else await this.#scope.run(undefined, () => act(call));
    if (call.error === undefined) for (const { id, context } of changes) this.#checks.delivered(id, context);
    if (isTraced || call.error !== undefined)
      this.#finish(
        REPORT,
        context,
        call,
        startMs,
        changes.map(({ context }) => ({ context })),
      );
  }

  #changeOf(id: HealthcheckId) {
    const context = this.#checks.contextOf(id);
    return context === undefined ? [] : [{ id, context }];
  }

  #finish(name: string, context: SpanContext, call: OpenCall, startMs: number, links: Link[]): void {
    if (!isSampled(context)) return;
    const { attributes, error } = call;
    this.#tracer.finish(context, {
      name,
      kind: SpanKind.CLIENT,
      startMs,
      endMs: Math.max(startMs, this.#timeline.now()),
      attributes,
      status: error === undefined ? undefined : { code: SpanStatusCode.ERROR, message: error },
      links,
    });
  }
}
