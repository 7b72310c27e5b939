/** Decides what is sampled, gives ids, and hands finished spans on. Ids, sampling and resource are the OpenTelemetry library's. */
import { ROOT_CONTEXT, type SpanContext, type SpanKind, TraceFlags } from "@opentelemetry/api";
import { defaultResource, resourceFromAttributes } from "@opentelemetry/resources";
import {
  RandomIdGenerator,
  type ReadableSpan,
  type Sampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace";
import { FinishedSpan, type SpanData, type SpanResource } from "./span.ts";

/** Destination of finished spans; must be quick. */
export interface SpanSink {
  put(span: ReadableSpan): void;
  /** True when another span would be lost. */
  readonly full: boolean;
  /** Counts one that was not even made. */
  lose(): void;
}

/** Samples traces, assigns span ids and passes finished spans to a sink. */
export class Tracer {
  readonly #ids = new RandomIdGenerator();
  readonly #origin: SpanResource;
  readonly #sink: SpanSink;
  #sampler: Sampler;
  #rate: number;

  /**
   * @param samplingRate - 0 to 1
   * @param resource - attributes of this process
   */
  constructor(
    samplingRate: number,
    resource: Readonly<Record<string, string>>,
    version: string,
    sink: SpanSink,
  ) {
    this.#sampler = new TraceIdRatioBasedSampler(samplingRate);
    this.#rate = samplingRate;
    this.#origin = {
      resource: defaultResource().merge(resourceFromAttributes({ ...resource })),
      scope: { name: "healthcheck-server", version },
    };
    this.#sink = sink;
  }

  /** Takes over a new rate, from the next trace on. */
  configure(samplingRate: number): void {
    this.#sampler = new TraceIdRatioBasedSampler(samplingRate);
    this.#rate = samplingRate;
  }

  /**
   * Starts a root span if sampling selects it. Decided before ids are generated, because most are not selected, and ids
   * for all of them would cost as much as all the spans that are kept.
   */
  sampledRoot(): SpanContext | undefined {
    return Math.random() < this.#rate ? this.forcedRoot() : undefined;
  }

  /** Begins a trace: ids, and by its flags whether it is sampled. The other spans of the trace follow it ({@link child}). */
  root(name: string, kind: SpanKind): SpanContext {
    const traceId = this.#ids.generateTraceId();
    const { decision } = this.#sampler.shouldSample(
      ROOT_CONTEXT,
      traceId,
      name,
      kind,
      NO_ATTRIBUTES,
      NO_LINKS,
    );
    const sampled = decision === SamplingDecision.RECORD_AND_SAMPLED;
    return {
      traceId,
      spanId: this.#ids.generateSpanId(),
      traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    };
  }

  /** Starts a root span that is sampled whatever the rate is, because it links to sampled ones. */
  forcedRoot(): SpanContext {
    const traceId = this.#ids.generateTraceId();
    return { traceId, spanId: this.#ids.generateSpanId(), traceFlags: TraceFlags.SAMPLED };
  }

  /** A further span of a trace, sampled as its parent is. */
  child({ traceId, traceFlags }: SpanContext): SpanContext {
    return { traceId, spanId: this.#ids.generateSpanId(), traceFlags };
  }

  /** Returns true, and counts a loss, when a span would be lost; then it need not be created. */
  dropIfFull(): boolean {
    const { full } = this.#sink;
    if (full) this.#sink.lose();
    return full;
  }

  /** Hands a span on. @param context - a sampled one */
  finish(context: SpanContext, facts: SpanData): void {
    this.#sink.put(new FinishedSpan(context, facts, this.#origin));
  }
}

const NO_ATTRIBUTES = {};
const NO_LINKS: [] = [];

/** Returns true when a span of the trace is exported. */
export function isSampled(context: SpanContext | undefined): context is SpanContext {
  return context !== undefined && (context.traceFlags & TraceFlags.SAMPLED) !== 0;
}
