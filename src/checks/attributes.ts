/** Span attributes that check types share, by the OpenTelemetry semantic conventions. */
import type { Address } from "../model/spec.ts";
import type { SpanAttributes } from "./check-type.ts";

/** Returns the attributes of the address that a check connects to; `network.peer.*` would repeat them. */
export function addressAttributes(address: Address | undefined): SpanAttributes {
  return address === undefined ? {} : { "server.address": address.ip, "server.port": address.port };
}
