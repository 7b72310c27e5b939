/** Specification of a DNS check. */
import { type Address, formatAddress, formatViaBackend, type SocketOptions } from "../../model/spec.ts";

/** DNS record types that a check can ask for. */
export const QUERY_TYPES = ["A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"] as const;

/** Record type, one of {@link QUERY_TYPES}. */
export type QueryType = (typeof QUERY_TYPES)[number];

/** Classes of a question: the Internet, CHAOS for questions about the server, and Hesiod (RFC 1035, 3.2.4). */
export const QUERY_CLASSES = ["IN", "CH", "HS"] as const;

/** One of {@link QUERY_CLASSES}. */
export type QueryClass = (typeof QUERY_CLASSES)[number];

/** Bytes of a UDP answer over EDNS (RFC 6891, 6.2.3 and 6.2.5). */
export const MIN_EDNS_BYTES = 512;
/** The largest size that servers and resolvers use. */
export const MAX_EDNS_BYTES = 4_096;

/** Response code of an answer without an error. */
export const NOERROR = "NOERROR";

/** The parts of a question besides its name and type. */
export interface QuestionOptions {
  readonly queryClass: QueryClass;
  /** The RD bit (RFC 1035, 4.1.1). */
  readonly recursionDesired: boolean;
  /** Bytes of the largest UDP answer, for the OPT record (RFC 6891); undefined for a question without EDNS. */
  readonly ednsBytes: number | undefined;
}

/** A question as resolvers of programs ask it. */
export const USUAL_QUESTION: QuestionOptions = {
  queryClass: "IN",
  recursionDesired: true,
  ednsBytes: undefined,
};

/** A record that an answer may have to hold. */
export interface ExpectedRecord {
  /** The data for sentences: printable ASCII of bounded length. */
  readonly shown: string;
  /** The data as they are compared. */
  readonly key: string;
}

/** The conditions of a good answer. */
export interface Wanted {
  /** Records of which at least one must be in an answer; empty means any record. */
  readonly records: readonly ExpectedRecord[];
  /** At least one. An answer with `NOERROR` must also have a record. */
  readonly rcodes: readonly string[];
}

/** A DNS question, and what its answer must hold. */
export interface DnsSpec {
  readonly type: "dns";
  /** In ASCII; with a final dot it is fully qualified, a dot alone is the root. */
  readonly query: string;
  /** At least one. Each is asked for, and one good answer suffices. */
  readonly queryTypes: readonly QueryType[];
  readonly options: QuestionOptions;
  readonly wanted: Wanted;
  /** The server to ask; undefined means the system resolver. */
  readonly server: Address | undefined;
  readonly socket: SocketOptions | undefined;
}

/** Formats the record types for messages, the API and traces: `A/AAAA`. */
export function formatQueryTypes({ queryTypes }: Pick<DnsSpec, "queryTypes">): string {
  return queryTypes.join("/");
}

/** Formats the question for messages: `DNS A/AAAA www.example.com`, `DNS CH TXT version.bind`. */
export function formatQuestion(types: readonly QueryType[], queryClass: QueryClass, name: string): string {
  return `DNS ${queryClass === "IN" ? "" : `${queryClass} `}${types.join("/")} ${name}`;
}

/** Formats the target: `dns://10.0.0.53:53/www.example.com`. */
export function formatDnsTarget({ server, query, socket }: DnsSpec): string {
  return `dns://${server === undefined ? "" : formatAddress(server)}/${query}${formatViaBackend(socket)}`;
}

/** True when the answer may be any one with `NOERROR`, as for programs that resolve a name. */
export function wantsNoError({ rcodes }: Wanted): boolean {
  return rcodes.every((rcode) => rcode === NOERROR);
}
