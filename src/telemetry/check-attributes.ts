/**
 * What a span tells of a check, pure. The names are those of the semantic conventions where they have one
 * (https://opentelemetry.io/docs/specs/semconv/), and `healthcheck.…` where they have none.
 */
import { type Attributes, type HrTime, type SpanStatus, SpanStatusCode } from "@opentelemetry/api";
import type { TimedEvent } from "@opentelemetry/sdk-trace";
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  ATTR_URL_FULL,
} from "@opentelemetry/semantic-conventions";
import { PHASES, roundMs } from "../model/phases.ts";
import { type CheckResult, type Conclusive, formatResult } from "../model/result.ts";
import { type CheckSpec, formatQueryTypes, formatTarget, type HealthcheckSpec } from "../model/spec.ts";
import { hrTime } from "./span.ts";

/** Not stable in the conventions yet. */
const ATTR_DNS_QUESTION_NAME = "dns.question.name";

/** What every span of a healthcheck says of it. */
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
  if (result.outcome !== "success") attributes[ATTR_ERROR_TYPE] = errorType(spec.check, result);
  putTarget(attributes, spec.check);
  return attributes;
}

function putTarget(attributes: Attributes, check: CheckSpec): void {
  const address = check.type === "dns" ? check.server : check.address;
  if (address !== undefined) {
    // Connected to as it stands: the network.peer attributes would only say it again.
    attributes[ATTR_SERVER_ADDRESS] = address.ip;
    attributes[ATTR_SERVER_PORT] = address.port;
  }
  if (check.type === "dns") {
    attributes[ATTR_DNS_QUESTION_NAME] = check.query;
    attributes["healthcheck.dns.query_type"] = formatQueryTypes(check);
  }
  if (check.type !== "http") return;
  attributes[ATTR_HTTP_REQUEST_METHOD] = check.method;
  attributes[ATTR_URL_FULL] = formatTarget(check);
}

/** The status code where it was the wrong one, and otherwise the reason. */
function errorType(check: CheckSpec, result: CheckResult): string {
  if (result.outcome !== "failure" || check.type !== "http" || result.statusCode === undefined)
    return result.code;
  const wanted = check.expectedCodes.length === 0 || check.expectedCodes.includes(result.statusCode);
  return wanted ? result.code : String(result.statusCode);
}

/** A failed check is an error, and one that told nothing too. */
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

/** Whether the last phase was the one in which it failed; an answer that came and was not wanted had all its phases. */
function brokeOff({ outcome, code, phases }: Conclusive): boolean {
  if (outcome === "success" || code === "L7STS") return false;
  return code === "L7TOUT" || phases.transferMs === undefined;
}
