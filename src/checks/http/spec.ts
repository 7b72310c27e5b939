/** Specification of an HTTP check. */
import { type Address, formatAddress, type SocketOptions, type TlsSpec } from "../../model/spec.ts";
import { shownPath } from "../../redaction/urls.ts";

/** An HTTP/1.1 request and its expected answer. */
export interface HttpSpec {
  readonly type: "http";
  readonly address: Address;
  readonly socket: SocketOptions | undefined;
  readonly tls: TlsSpec | undefined;
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

/** Formats the target as a URL without secrets. The URL of a server as a whole has no path (RFC 9112, 3.3). */
export function formatHttpTarget({ tls, address, path }: HttpSpec): string {
  return `${tls === undefined ? "http" : "https"}://${formatAddress(address)}${path === "*" ? "" : shownPath(path)}`;
}
