/**
 * The span in which the present code runs, kept across awaits: log lines written there carry its ids, and spans created
 * there are its children.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { SpanContext } from "@opentelemetry/api";
import type { LogFields } from "../logging/logger.ts";
import { isSampled } from "./tracer.ts";

/**
 * Frame of a span. Timers that are set within a span keep its frame indefinitely, so the context is removed from it
 * when the span ends.
 */
interface ScopeFrame {
  context: SpanContext | undefined;
}

const NO_SCOPE: ScopeFrame = { context: undefined };

/** The span in which the current code runs, across awaits. Log lines carry its ids, and new spans become its children. */
export class SpanScope {
  readonly #storage = new AsyncLocalStorage<ScopeFrame>();
  /** Spans that something runs in now; mostly none, and every check asks. */
  #live = 0;

  /** The span that the present code runs in. */
  get current(): SpanContext | undefined {
    return this.#live === 0 ? undefined : this.#storage.getStore()?.context;
  }

  /** Calls a function within a span; with undefined, outside of any span, whatever the caller's is. */
  run<T>(context: SpanContext | undefined, act: () => T): T {
    if (context === undefined) return this.current === undefined ? act() : this.#storage.run(NO_SCOPE, act);
    const frame: ScopeFrame = { context };
    this.#live++;
    try {
      return this.#storage.run(frame, act);
    } finally {
      this.#leave(frame);
    }
  }

  /** The same with something that takes its time; the span ends with it. */
  async runLong<T>(context: SpanContext, act: () => Promise<T>): Promise<T> {
    const frame: ScopeFrame = { context };
    this.#live++;
    try {
      return await this.#storage.run(frame, act);
    } finally {
      this.#leave(frame);
    }
  }

  #leave(frame: ScopeFrame): void {
    frame.context = undefined;
    this.#live--;
  }

  /** Returns the fields that log lines carry; none in a trace that is not exported. */
  logFields(): LogFields {
    const { current } = this;
    return isSampled(current) ? { trace_id: current.traceId, span_id: current.spanId } : {};
  }
}
