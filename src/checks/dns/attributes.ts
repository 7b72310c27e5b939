/** The span attributes of a DNS check, by the OpenTelemetry semantic conventions for DNS, which are not stable yet. */

import { addressAttributes } from "../attributes.ts";
import type { SpanAttributes } from "../check-type.ts";
import { type DnsSpec, formatQueryTypes } from "./spec.ts";

/** Returns the attributes of the question and of the server, where the check names one. */
export function dnsAttributes(spec: DnsSpec): SpanAttributes {
  return {
    ...addressAttributes(spec.server, spec.socket),
    "dns.question.name": spec.query,
    "healthcheck.dns.query_type": formatQueryTypes(spec),
    ...(spec.options.queryClass === "IN" ? {} : { "healthcheck.dns.query_class": spec.options.queryClass }),
  };
}
