/** The check type `dns`: one question, to a given server or to the system resolver. */
import { defineCheckType } from "../check-type.ts";
import { dnsAttributes } from "./attributes.ts";
import { dnsChecker } from "./checker.ts";
import { DNS_PROBE } from "./probe.ts";
import { DNS_FIELDS, normalizeDns } from "./schema.ts";
import { type DnsSpec, formatDnsTarget } from "./spec.ts";
import { dnsView } from "./view.ts";

/** The descriptor of `dns`. */
export const DNS = defineCheckType({
  name: "dns",
  // Google's DNS checker uses the same.
  defaultTimeoutMs: 3_000,
  fields: DNS_FIELDS,
  normalize: normalizeDns,
  formatTarget: formatDnsTarget,
  view: dnsView,
  attributes: dnsAttributes,
  destination: ({ server, socket }: DnsSpec) =>
    server === undefined ? undefined : { ip: server.ip, port: server.port, socket },
  holdsSecrets: () => false,
  usesSystemResolver: ({ server }: DnsSpec) => server === undefined,
  create: dnsChecker,
  probe: DNS_PROBE,
});
