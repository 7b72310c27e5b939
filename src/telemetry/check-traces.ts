/**
 * Spans of checks and of state changes, created when a check is over: a check that is not sampled costs next to
 * nothing. It is between the monitors and their log, whose lines carry the ids.
 */
import { type SpanContext, SpanKind } from "@opentelemetry/api";
import type { HealthcheckId } from "../model/id.ts";
import type { CheckResult, FailureCode } from "../model/result.ts";
import type { Monitor, MonitorObserver } from "../monitor/monitor.ts";
import type { MonitorLog } from "../monitor/monitor-log.ts";
import { isForced } from "../monitor/override.ts";
import type { Settlement, StateTransition } from "../monitor/settlement.ts";
import { checkAttributes, checkStatus, healthcheckAttributes, phaseEvents } from "./check-attributes.ts";
import type { SpanScope } from "./scope.ts";
import type { Timeline } from "./span-clock.ts";
import { isSampled, type Tracer } from "./tracer.ts";

const CHECK = "healthcheck.check_execution";
const TRANSITION = "healthcheck.state_transition";

/** Methods of the log of checks that are called inside spans. */
export type CheckLog = Pick<MonitorLog, "finished" | "changed" | "damped" | "skipped">;

/** Receives the trace of each failed check that is exported. */
export type OnTraced = (type: string, code: FailureCode, traceId: string) => void;

/** Makes the spans of checks and state changes, and logs both inside their spans. */
export class CheckTraces implements MonitorObserver {
  readonly #tracer: Tracer;
  readonly #scope: SpanScope;
  readonly #timeline: Timeline;
  readonly #log: CheckLog;
  readonly #onTraced: OnTraced;
  /**
   * Contexts of running checks that sent a traceparent to their backend; their spans are exported with the same ids.
   */
  readonly #started = new Map<HealthcheckId, SpanContext>();
  /** Context of the newest change of each state, until it is sent to the client. */
  readonly #transitions = new Map<HealthcheckId, SpanContext>();
  /** True if every check is traced, false if only failures and state changes are. */
  all: boolean;

  /** @param log - receives every event, inside the spans */
  constructor(
    tracer: Tracer,
    scope: SpanScope,
    timeline: Timeline,
    log: CheckLog,
    onTraced: OnTraced,
    all: boolean,
  ) {
    this.#onTraced = onTraced;
    this.#tracer = tracer;
    this.#scope = scope;
    this.#timeline = timeline;
    this.#log = log;
    this.all = all;
  }

  /**
   * Starts the trace of a check that sends its context to the backend. @returns the traceparent header (W3C Trace
   * Context)
   */
  begin(id: HealthcheckId): string {
    const context = this.#tracer.root(CHECK, SpanKind.CLIENT);
    this.#started.set(id, context);
    return `00-${context.traceId}-${context.spanId}-0${context.traceFlags}`;
  }

  /** Forgets a removed monitor. */
  forget(id: HealthcheckId): void {
    this.#started.delete(id);
    this.#transitions.delete(id);
  }

  /** Removes the context of a state change that is being sent. @returns the context, if the change is traced */
  takeContext(id: HealthcheckId): SpanContext | undefined {
    const context = this.#transitions.get(id);
    if (context !== undefined) this.#transitions.delete(id);
    return context;
  }

  /** Returns the context of a state change that has not been delivered, if the change is traced. */
  contextOf(id: HealthcheckId): SpanContext | undefined {
    return this.#transitions.get(id);
  }

  /** Removes the context of a state change that was delivered; that of a later change stays. */
  delivered(id: HealthcheckId, context: SpanContext): void {
    if (this.#transitions.get(id) === context) this.#transitions.delete(id);
  }

  settled(monitor: Monitor, settlement: Settlement): void {
    const { result, transition, damping } = settlement;
    const isTraced = this.all || result.outcome !== "success" || transition !== undefined;
    const started = this.#takeStarted(monitor.spec.id);
    const check = isTraced ? this.#check(monitor, result, started) : undefined;
    if (check !== undefined && result.outcome === "failure")
      this.#onTraced(monitor.spec.check.type, result.code, check.traceId);
    // Most checks are not traced: no closure for them.
    if (check === undefined && this.#scope.current === undefined) this.#log.finished(monitor, settlement);
    else this.#scope.run(check, () => this.#log.finished(monitor, settlement));
    if (transition !== undefined) this.#changed(monitor, transition, check);
    if (damping !== undefined) this.#scope.run(check, () => this.#log.damped(monitor, damping));
  }

  #changed(monitor: Monitor, transition: StateTransition, check: SpanContext | undefined): void {
    const { id } = monitor.spec;
    const context = check === undefined ? undefined : this.#transition(monitor, transition, check);
    if (context === undefined) this.#transitions.delete(id);
    else this.#transitions.set(id, context);
    this.#scope.run(context, () => this.#log.changed(monitor, transition));
  }

  released(monitor: Monitor, transition: StateTransition, damping?: "began"): void {
    this.#changed(monitor, transition, undefined);
    if (damping !== undefined) this.#scope.run(undefined, () => this.#log.damped(monitor, damping));
  }

  skipped(monitor: Monitor, count: number, why: "running" | "late"): void {
    this.#scope.run(undefined, () => this.#log.skipped(monitor, count, why));
  }

  #takeStarted(id: HealthcheckId): SpanContext | undefined {
    if (this.#started.size === 0) return undefined;
    const context = this.#started.get(id);
    this.#started.delete(id);
    return context;
  }

  #check(monitor: Monitor, result: CheckResult, started: SpanContext | undefined): SpanContext | undefined {
    const { spec } = monitor;
    const context = started ?? this.#tracer.sampledRoot();
    if (!isSampled(context) || this.#tracer.dropIfFull()) return undefined;
    const endMs = this.#timeline.now();
    const startMs = this.#timeline.start(monitor.startedAtMs);
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

  #transition(
    { spec, override }: Monitor,
    { from, to, result }: StateTransition,
    check: SpanContext,
  ): SpanContext {
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
        "healthcheck.new_state": to,
        "healthcheck.reason": result.code,
        ...(isForced(override) ? { "healthcheck.forced": override.action } : {}),
      },
      links: [{ context: check }],
    });
    return context;
  }
}
