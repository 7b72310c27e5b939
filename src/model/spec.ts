/**
 * What is to be checked, how, and how often: a CONFIG of the protocol after it was understood. Values are
 * normalised (milliseconds, defaults filled in), so whoever reads a spec never asks "what if it is missing?".
 */
import type { HealthcheckId } from "./id.ts";

/** Where a connection goes. */
export interface Address {
  /** An IPv4 or IPv6 address in its shortest form, never a name. */
  readonly ip: string;
  /** 1–65535 */
  readonly port: number;
}

/** TLS on top of a connection. */
export interface TlsSpec {
  /** Whether the certificate must be valid and for {@link serverName}. */
  readonly verify: boolean;
  /** The name sent as SNI and looked for in the certificate; the address itself when no name is known. */
  readonly serverName: string;
}

/** A connection, and perhaps a first line each way. */
export interface TcpSpec {
  readonly type: "tcp";
  readonly address: Address;
  readonly tls: TlsSpec | undefined;
  /** Written once connected. */
  readonly send: Uint8Array | undefined;
  /** What the answer must start with. */
  readonly receive: Uint8Array | undefined;
  /** `reset` leaves no TIME_WAIT behind; `graceful` is for backends that log resets. */
  readonly close: "reset" | "graceful";
}

/** One HTTP/1.1 request and its answer. */
export interface HttpSpec {
  readonly type: "http";
  readonly address: Address;
  readonly tls: TlsSpec | undefined;
  readonly method: string;
  /** Path and query, percent-encoded, starting with `/`; or `*`, the server as a whole, of OPTIONS. */
  readonly path: string;
  /** The Host header. */
  readonly host: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Status codes that mean healthy; empty means any. */
  readonly expectedCodes: readonly number[];
  /** What the body must start with. */
  readonly response: string | undefined;
}

/** DNS record types that can be asked for. */
export const QUERY_TYPES = ["A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"] as const;

/** One of {@link QUERY_TYPES}. */
export type QueryType = (typeof QUERY_TYPES)[number];

/** A DNS question, and what its answer must hold. */
export interface DnsSpec {
  readonly type: "dns";
  /** In ASCII; with a dot at its end it is whole, a dot alone is the root. */
  readonly query: string;
  /** At least one. Each is asked for, and one good answer suffices. */
  readonly queryTypes: readonly QueryType[];
  /** Addresses of which at least one must be in an answer; empty means any record. */
  readonly expectedIps: readonly string[];
  /** The server to ask; undefined means the system's resolver. */
  readonly server: Address | undefined;
}

/** How a check is done, by type. */
export type CheckSpec = TcpSpec | HttpSpec | DnsSpec;

/** The types of checks. */
export const CHECK_TYPES = ["tcp", "http", "dns"] as const satisfies readonly CheckSpec["type"][];
/** One of {@link CHECK_TYPES}. */
export type CheckType = (typeof CHECK_TYPES)[number];

/** What a healthcheck is called by its operators. Only shown: a change of it leaves state and counters alone. */
export interface Naming {
  readonly name?: string;
  /** At least one, by Prometheus label names. */
  readonly labels?: readonly (readonly [name: string, value: string])[];
}

/** One healthcheck, whole. */
export interface HealthcheckSpec extends Naming {
  readonly id: HealthcheckId;
  /** Between two starts; above 0. */
  readonly intervalMs: number;
  /** Bounds the whole check; above 0. */
  readonly timeoutMs: number;
  /** Successes in a row that make it healthy; at least 1. */
  readonly rise: number;
  /** Failures in a row that make it unhealthy; at least 1. */
  readonly fall: number;
  readonly check: CheckSpec;
}

/** `10.0.0.1:80`, `[::1]:80` */
export function formatAddress(address: Address): string {
  return address.ip.includes(":") ? `[${address.ip}]:${address.port}` : `${address.ip}:${address.port}`;
}

/** The record types of a DNS check as sentences, the API and traces show them: `A/AAAA`. */
export function formatQueryTypes({ queryTypes }: Pick<DnsSpec, "queryTypes">): string {
  return queryTypes.join("/");
}

/** The target as logs and the status page show it: what is asked, and where. */
export function formatTarget(check: CheckSpec): string {
  switch (check.type) {
    case "tcp":
      return `${check.tls === undefined ? "tcp" : "tls"}://${formatAddress(check.address)}`;
    case "http":
      // The URL of a server as a whole has no path (RFC 9112, 3.3).
      return `${check.tls === undefined ? "http" : "https"}://${formatAddress(check.address)}${check.path === "*" ? "" : shownPath(check.path)}`;
    case "dns":
      return `dns://${check.server === undefined ? "" : formatAddress(check.server)}/${check.query}`;
  }
}

/** A path as it may be logged and shown: `/healthz?…`. */
export function shownPath(path: string): string {
  const at = secretsAt(path);
  if (at === path.length) return path;
  return `${path.slice(0, at)}${path.charAt(at) === "?" ? "?…" : "…"}`;
}

/**
 * Where in a path the secrets begin, its end when there are none. Query strings carry tokens; and what has a colon and later an @,
 * or begins with a text and an @, may be a URL that was not understood as one, with a login in it: `TOKEN@host/x`.
 */
export function secretsAt(path: string): number {
  const query = path.indexOf("?");
  const colon = path.indexOf(":");
  const hasUser = colon >= 0 && colon < path.lastIndexOf("@") && (query < 0 || colon < query);
  if (hasUser) return path.lastIndexOf("/", colon) + 1;
  const login = /^(\/*)[^/?]+@/.exec(path);
  if (login !== null) return login[1]?.length ?? 0;
  return query < 0 ? path.length : query;
}
