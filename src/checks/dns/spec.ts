/** Specification of a DNS check. */
import { type Address, formatAddress, formatViaBackend, type SocketOptions } from "../../model/spec.ts";

/** DNS record types that a check can ask for. */
export const QUERY_TYPES = ["A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"] as const;

/** Record type, one of {@link QUERY_TYPES}. */
export type QueryType = (typeof QUERY_TYPES)[number];

/** A DNS question, and what its answer must hold. */
export interface DnsSpec {
  readonly type: "dns";
  /** In ASCII; with a final dot it is fully qualified, a dot alone is the root. */
  readonly query: string;
  /** At least one. Each is asked for, and one good answer suffices. */
  readonly queryTypes: readonly QueryType[];
  /** Addresses of which at least one must be in an answer; empty means any record. */
  readonly expectedIps: readonly string[];
  /** The server to ask; undefined means the system resolver. */
  readonly server: Address | undefined;
  readonly socket: SocketOptions | undefined;
}

/** Formats the record types for messages, the API and traces: `A/AAAA`. */
export function formatQueryTypes({ queryTypes }: Pick<DnsSpec, "queryTypes">): string {
  return queryTypes.join("/");
}

/** Formats the target: `dns://10.0.0.53:53/www.example.com`. */
export function formatDnsTarget({ server, query, socket }: DnsSpec): string {
  return `dns://${server === undefined ? "" : formatAddress(server)}/${query}${formatViaBackend(socket)}`;
}
