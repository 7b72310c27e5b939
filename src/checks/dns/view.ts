/** A DNS check as the API shows it. */
import { formatAddress } from "../../model/spec.ts";
import { socketView } from "../socket-fields.ts";
import { type DnsSpec, formatQueryTypes } from "./spec.ts";

/** Shows the check; it holds no secrets. */
export function dnsView(spec: DnsSpec) {
  return {
    query: spec.query,
    query_type: formatQueryTypes(spec),
    expected_ips: spec.expectedIps,
    server: spec.server === undefined ? "system resolver" : formatAddress(spec.server),
    ...socketView(spec.socket),
  };
}
