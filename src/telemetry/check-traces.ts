/**
 * Spans of checks and of changes of state, made when a check is over: what is not sampled costs next to nothing. Stands between the
 * monitors and their log, whose lines carry the ids.
 */
import { type SpanContext, SpanKind } from "@opentelemetry/api";
import type { HealthcheckId } from "../model/id.ts";
import type { CheckResult, Conclusive } from "../model/result.ts";
import type { State } from "../model/status.ts";
import type { Monitor, MonitorObserver } from "../monitor/monitor.ts";
import { checkAttributes, checkStatus, healthcheckAttributes, phaseEvents } from "./check-attributes.ts";
import type { SpanScope } from "./scope.ts";
import type { Timeline } from "./span-clock.ts";
import { isSampled, type Tracer } from "./tracer.ts";

const CHECK = "healthcheck.check_execution";
const TRANSITION = "healthcheck.state_transition";

/** See the head of the file. */
export class CheckTraces implements MonitorObserver {
  readonly #tracer: Tracer;
  readonly #scope: SpanScope;
  readonly #timeline: Timeline;
  readonly #log: MonitorObserver;
  /** Of checks that have told their backend about it; what they began is what is exported. */
  readonly #begun = new Map<HealthcheckId, SpanContext>();
  /** Of the newest change of each state, until it is told to the client. */
  readonly #transitions = new Map<HealthcheckId, SpanContext>();
  /** `changed` comes before `finished`: the result whose span is made already. */
  #made: { readonly result: CheckResult; readonly context: SpanContext | undefined } | undefined;
  /** Whether every check is traced. */
  all: boolean;

  /** @param log - told of everything, within the spans */
  constructor(tracer: Tracer, scope: SpanScope, timeline: Timeline, log: MonitorObserver, all: boolean) {
    this.#tracer = tracer;
    this.#scope = scope;
    this.#timeline = timeline;
    this.#log = log;
    this.all = all;
  }

  /** A check is about to tell its backend which trace it belongs to. @returns the traceparent header (W3C Trace Context) */
  begin(id: HealthcheckId): string {
    const context = this.#tracer.root(CHECK, SpanKind.CLIENT);
    this.#begun.set(id, context);
    return `00-${context.traceId}-${context.spanId}-0${context.traceFlags}`;
  }

  /** A monitor is gone, and what it had to tell with it. */
  forget(id: HealthcheckId): void {
    this.#begun.delete(id);
    this.#transitions.delete(id);
  }

  /** The client is told of a healthcheck. @returns the change of state that it did not know, if that is traced */
  told(id: HealthcheckId): SpanContext | undefined {
    const context = this.#transitions.get(id);
    if (context !== undefined) this.#transitions.delete(id);
    return context;
  }

  changed(monitor: Monitor, from: State, result: Conclusive): void {
    const check = this.#check(monitor, result);
    this.#made = { result, context: check };
    const { spec } = monitor;
    const transition = check === undefined ? undefined : this.#transition(monitor, from, result, check);
    if (transition === undefined) this.#transitions.delete(spec.id);
    else this.#transitions.set(spec.id, transition);
    this.#scope.run(transition, () => this.#log.changed(monitor, from, result));
  }

  /** @returns the trace, when it is exported */
  finished(monitor: Monitor, result: CheckResult, latenessMs: number): string | undefined {
    const context = this.#finish(monitor, result);
    if (context === undefined && this.#scope.current === undefined) {
      this.#log.finished(monitor, result, latenessMs);
      return undefined;
    }
    this.#scope.run(context, () => this.#log.finished(monitor, result, latenessMs));
    return context?.traceId;
  }

  skipped(monitor: Monitor, count: number, why: "running" | "late"): void {
    this.#scope.run(undefined, () => this.#log.skipped(monitor, count, why));
  }

  #finish(monitor: Monitor, result: CheckResult): SpanContext | undefined {
    const made = this.#made;
    if (made !== undefined) {
      this.#made = undefined;
      if (made.result === result) return made.context;
    }
    if (this.all || result.outcome !== "success") return this.#check(monitor, result);
    this.#takeBegun(monitor.spec.id);
    return undefined;
  }

  #takeBegun(id: HealthcheckId): SpanContext | undefined {
    if (this.#begun.size === 0) return undefined;
    const context = this.#begun.get(id);
    this.#begun.delete(id);
    return context;
  }

  #check(monitor: Monitor, result: CheckResult): SpanContext | undefined {
    const { spec } = monitor;
    const context = this.#takeBegun(spec.id) ?? this.#tracer.drawn();
    if (!isSampled(context) || this.#tracer.loses()) return undefined;
    const endMs = this.#timeline.now();
    const startMs = this.#timeline.start(monitor.beganMs);
    this.#tracer.finish(context, {
      name: CHECK,
      kind: SpanKind.CLIENT,
      startMs,
      endMs,
      attributes: checkAttributes(spec, result, monitor.latenessMs),
      status: checkStatus(result),
      events: result.outcome === "inconclusive" ? [] : phaseEvents(result, startMs),
    });
    return context;
  }

  #transition({ spec, status }: Monitor, from: State, result: Conclusive, check: SpanContext): SpanContext {
    const context = this.#tracer.child(check);
    const nowMs = this.#timeline.now();
    this.#tracer.finish(context, {
      name: TRANSITION,
      kind: SpanKind.INTERNAL,
      parent: check,
      startMs: nowMs,
      endMs: nowMs,
      attributes: {
        ...healthcheckAttributes(spec),
        "healthcheck.old_state": from,
        "healthcheck.new_state": status.state,
        "healthcheck.reason": result.code,
      },
      links: [{ context: check }],
    });
    return context;
  }
}
