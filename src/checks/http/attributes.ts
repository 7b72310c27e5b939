/** The span attributes of an HTTP check, by the OpenTelemetry semantic conventions for HTTP. */
import type { Conclusive } from "../../model/result.ts";
import { addressAttributes } from "../attributes.ts";
import type { SpanAttributes } from "../check-type.ts";
import { formatHttpTarget, type HttpSpec } from "./spec.ts";

/** Returns the attributes of the target. */
export function httpAttributes(spec: HttpSpec): SpanAttributes {
  return {
    ...addressAttributes(spec.address),
    "http.request.method": spec.method,
    "url.full": formatHttpTarget(spec),
  };
}

/** Returns the status code of a failed check where that was the error. */
export function httpErrorType({ expectedCodes }: HttpSpec, { statusCode }: Conclusive): string | undefined {
  if (statusCode === undefined) return undefined;
  return expectedCodes.length === 0 || expectedCodes.includes(statusCode) ? undefined : String(statusCode);
}
