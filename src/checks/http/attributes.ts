/** The span attributes of an HTTP check, by the OpenTelemetry semantic conventions for HTTP. */
import type { Conclusive } from "../../model/result.ts";
import { addressAttributes } from "../attributes.ts";
import type { SpanAttributes } from "../check-type.ts";
import { formatHttpUrl, type HttpSpec } from "./spec.ts";

/** Returns the attributes of the target. */
export function httpAttributes(spec: HttpSpec): SpanAttributes {
  return {
    ...addressAttributes(spec.address, spec.socket),
    ...proxyAttributes(spec),
    "http.request.method": spec.method,
    "url.full": formatHttpUrl(spec),
  };
}

/** With a proxy the server is the host of the URL, and the proxy the peer of the connection. */
function proxyAttributes({ origin, address }: HttpSpec): SpanAttributes {
  if (origin === undefined) return {};
  return {
    "server.address": origin.host.replace(/^\[(.*)\]$/, "$1"),
    "server.port": origin.port,
    "network.peer.address": address.ip,
    "network.peer.port": address.port,
  };
}

/** Returns the status code of a failed check where that was the error. */
export function httpErrorType({ expectedCodes }: HttpSpec, { statusCode }: Conclusive): string | undefined {
  if (statusCode === undefined) return undefined;
  return expectedCodes.length === 0 || expectedCodes.includes(statusCode) ? undefined : String(statusCode);
}
