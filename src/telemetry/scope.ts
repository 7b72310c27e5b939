/** Which span the present code runs in, over waits: log lines written there carry its ids, and spans made there are its children. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { SpanContext } from "@opentelemetry/api";
import type { LogFields } from "../logging/logger.ts";
import { isSampled } from "./tracer.ts";

/** Timers that were set within a span carry it for ever: when the span is over it must be gone from there too. */
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

  /** Does something within a span; with none, within none, whoever calls. */
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

  /** What log lines carry; nothing in a trace that is not exported. */
  logFields(): LogFields {
    const { current } = this;
    return isSampled(current) ? { trace_id: current.traceId, span_id: current.spanId } : {};
  }
}
