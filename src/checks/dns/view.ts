/** A DNS check as the API shows it. */
import { formatAddress } from "../../model/spec.ts";
import { socketView } from "../socket-fields.ts";
import { type DnsSpec, formatQueryTypes, wantsNoError } from "./spec.ts";

/** Shows the check; it holds no secrets. */
export function dnsView(spec: DnsSpec) {
  const { options, wanted } = spec;
  const shown = wanted.records.map((record) => record.shown);
  const hasAddresses = spec.queryTypes.some((type) => type === "A" || type === "AAAA");
  return {
    query: spec.query,
    query_type: formatQueryTypes(spec),
    ...(options.queryClass === "IN" ? {} : { query_class: options.queryClass }),
    ...(hasAddresses ? { expected_ips: shown } : { expect: shown }),
    ...(wantsNoError(wanted) ? {} : { expected_rcode: wanted.rcodes }),
    ...(options.recursionDesired ? {} : { recursion_desired: false }),
    ...(options.ednsBytes === undefined ? {} : { edns_size: options.ednsBytes }),
    server: spec.server === undefined ? "system resolver" : formatAddress(spec.server),
    ...socketView(spec.socket),
  };
}
