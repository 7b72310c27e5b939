/** A span, created when everything about it is known: at its end. */
import type { Attributes, HrTime, Link, SpanContext, SpanKind, SpanStatus } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import type { ReadableSpan, TimedEvent } from "@opentelemetry/sdk-trace";

/** Resource of all spans. */
export interface SpanResource {
  readonly resource: Resource;
  readonly scope: ReadableSpan["instrumentationScope"];
}

/** Content of a span. */
export interface SpanData {
  readonly name: string;
  readonly kind: SpanKind;
  readonly parent?: SpanContext | undefined;
  /** Wall clock, milliseconds since 1970. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  readonly status?: SpanStatus | undefined;
  readonly links?: Link[];
  readonly events?: TimedEvent[];
}

const UNSET: SpanStatus = { code: 0 };
const NS_PER_MS = 1e6;

/** A span that is created when it ends, with all of its data. */
export class FinishedSpan implements ReadableSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  readonly status: SpanStatus;
  readonly attributes: Attributes;
  readonly links: Link[];
  readonly events: TimedEvent[];
  readonly ended = true;
  readonly resource: Resource;
  readonly instrumentationScope: ReadableSpan["instrumentationScope"];
  readonly droppedAttributesCount = 0;
  readonly droppedEventsCount = 0;
  readonly droppedLinksCount = 0;
  readonly parentSpanContext?: SpanContext;
  readonly #context: SpanContext;
  readonly #durationMs: number;

  constructor(context: SpanContext, facts: SpanData, origin: SpanResource) {
    this.#context = context;
    this.name = facts.name;
    this.kind = facts.kind;
    this.startTime = hrTime(facts.startMs);
    this.endTime = hrTime(facts.endMs);
    this.#durationMs = Math.max(0, facts.endMs - facts.startMs);
    this.attributes = facts.attributes;
    this.status = facts.status ?? UNSET;
    this.links = facts.links ?? [];
    this.events = facts.events ?? [];
    this.resource = origin.resource;
    this.instrumentationScope = origin.scope;
    if (facts.parent !== undefined) this.parentSpanContext = facts.parent;
  }

  get duration(): HrTime {
    return hrTime(this.#durationMs);
  }

  spanContext(): SpanContext {
    return this.#context;
  }
}

/** Seconds and nanoseconds. @param ms - with fractions */
export function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1_000);
  // A double holds today's milliseconds to a quarter of a microsecond.
  return [seconds, Math.round((ms - seconds * 1_000) * 1_000) * (NS_PER_MS / 1_000)];
}
