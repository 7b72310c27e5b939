/** Specification of an HTTP check. */
import {
  type Address,
  formatAddress,
  formatVia,
  formatViaBackend,
  type SocketOptions,
  type TlsSpec,
} from "../../model/spec.ts";
import { shownPath } from "../../redaction/urls.ts";

/** The host that a proxy is asked for. */
export interface Origin {
  /** A name or an address, an IPv6 address in brackets. */
  readonly host: string;
  /** 1–65535 */
  readonly port: number;
}

/** An HTTP/1.1 request and its expected answer. */
export interface HttpSpec {
  readonly type: "http";
  /** Target of the connection: the backend, or the proxy. */
  readonly address: Address;
  readonly socket: SocketOptions | undefined;
  /** With {@link origin} this is TLS with it, through a tunnel that the proxy opens. */
  readonly tls: TlsSpec | undefined;
  /** The host that a proxy is asked for; undefined when the target is no proxy. */
  readonly origin: Origin | undefined;
  readonly method: string;
  /** Path and query, percent-encoded, starting with `/`; or `*`, the server as a whole, of OPTIONS. */
  readonly path: string;
  /** The Host header. */
  readonly host: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Status codes that mean healthy; empty means any. */
  readonly expectedCodes: readonly number[];
  /** Required beginning of the body. */
  readonly response: string | undefined;
}

/**
 * Formats the target without secrets: `http://10.0.0.1:80/healthz`, `http://www.example.com/healthz through proxy 10.0.0.1:3128`.
 */
export function formatHttpTarget(spec: HttpSpec): string {
  return `${formatHttpUrl(spec)}${formatProxy(spec)}${formatViaBackend(spec.socket)}`;
}

/** {@link formatHttpTarget} for sentences, with the mark that selects the backend of a VIP. */
export function formatHttpSubject(spec: HttpSpec): string {
  return `HTTP ${spec.method} ${formatHttpUrl(spec)}${formatWay(spec)}`;
}

/** Formats the requested URL without secrets. The URL of a server as a whole has no path (RFC 9112, 3.3). */
export function formatHttpUrl(spec: HttpSpec): string {
  return `${formatRoot(spec)}${spec.path === "*" ? "" : shownPath(spec.path)}`;
}

/** Formats the part of the URL before its path: `https://10.0.0.1:443`. */
export function formatRoot({ tls, address, origin }: HttpSpec): string {
  const scheme = tls === undefined ? "http" : "https";
  if (origin === undefined) return `${scheme}://${formatAddress(address)}`;
  return `${scheme}://${origin.host}${origin.port === defaultPort(tls !== undefined) ? "" : `:${origin.port}`}`;
}

/** Formats the way to the host of the URL, as the end of the target in a sentence: ` through proxy 10.0.0.1:3128`; maybe empty. */
export function formatWay(spec: HttpSpec): string {
  return `${formatProxy(spec)}${formatVia(spec.socket)}`;
}

/** Returns the port of a URL that names none (RFC 9110, 4.2). */
export function defaultPort(secure: boolean): number {
  return secure ? 443 : 80;
}

function formatProxy({ origin, address }: HttpSpec): string {
  return origin === undefined ? "" : ` through proxy ${formatAddress(address)}`;
}
