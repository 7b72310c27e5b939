/**
 * Span attributes of a check, pure. The names are those of the semantic conventions where they exist
 * (https://opentelemetry.io/docs/specs/semconv/), and `healthcheck.…` otherwise.
 */
import { type Attributes, type HrTime, type SpanStatus, SpanStatusCode } from "@opentelemetry/api";
import type { TimedEvent } from "@opentelemetry/sdk-trace";
import { ATTR_ERROR_TYPE, ATTR_HTTP_RESPONSE_STATUS_CODE } from "@opentelemetry/semantic-conventions";
import { checkTypeOf } from "../checks/registry.ts";
import { PHASES, roundMs } from "../model/phases.ts";
import { type CheckResult, type Conclusive, formatResult } from "../model/result.ts";
import type { HealthcheckSpec } from "../model/spec.ts";
import { hrTime } from "./span.ts";

/** Returns the attributes that every span of a healthcheck carries. */
export function healthcheckAttributes({ id, check }: HealthcheckSpec): Attributes {
  return { "healthcheck.id": id, "healthcheck.type": check.type };
}

/** @param latenessMs - how long after its due time it had started */
export function checkAttributes(spec: HealthcheckSpec, result: CheckResult, latenessMs: number): Attributes {
  const attributes = healthcheckAttributes(spec);
  attributes["healthcheck.outcome"] = result.outcome;
  attributes["healthcheck.reason"] = result.code;
  attributes["healthcheck.lateness_ms"] = roundMs(latenessMs);
  if (result.outcome === "inconclusive") attributes["healthcheck.cause"] = result.cause;
  else if (result.statusCode !== undefined) attributes[ATTR_HTTP_RESPONSE_STATUS_CODE] = result.statusCode;
  const type = checkTypeOf(spec.check);
  if (result.outcome === "failure")
    attributes[ATTR_ERROR_TYPE] = type.errorType?.(spec.check, result) ?? result.code;
  else if (result.outcome === "inconclusive") attributes[ATTR_ERROR_TYPE] = result.code;
  return Object.assign(attributes, type.attributes(spec.check));
}

/** Returns the status of a check's span: an error for a failure, and for an inconclusive check too. */
export function checkStatus(result: CheckResult): SpanStatus | undefined {
  return result.outcome === "success"
    ? undefined
    : { code: SpanStatusCode.ERROR, message: formatResult(result) };
}

/**
 * The phases, each where it ended; the request where it went out.
 *
 * @param startMs - of the check, wall clock
 */
export function phaseEvents(result: Conclusive, startMs: number): TimedEvent[] {
  const events: TimedEvent[] = [];
  let atMs = startMs;
  for (const { key, field } of PHASES) {
    const ms = result.phases[key];
    if (ms === undefined) continue;
    if (key === "firstByteMs") events.push(event("request", hrTime(atMs), {}));
    atMs += ms;
    events.push(
      event(field.slice(0, -"_ms".length), hrTime(atMs), { "healthcheck.phase.duration_ms": roundMs(ms) }),
    );
  }
  const last = events.at(-1);
  if (last?.attributes !== undefined && brokeOff(result))
    last.attributes["healthcheck.phase.completed"] = false;
  return events;
}

function event(name: string, time: HrTime, attributes: Attributes): TimedEvent {
  return { name, time, attributes };
}

/**
 * Returns true when the last phase is the one that failed; an answer that arrived and was not as expected completed all
 * phases.
 */
function brokeOff({ outcome, code, phases }: Conclusive): boolean {
  if (outcome === "success" || code === "L7STS") return false;
  return code === "L7TOUT" || phases.transferMs === undefined;
}
