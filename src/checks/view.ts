/** Pieces of the API's `config` object that check types share. */
import { printable } from "../model/printable.ts";
import type { TlsSpec } from "../model/spec.ts";

/** Shows TLS settings; null for a plain connection. */
export function tlsView(tls: TlsSpec | undefined) {
  return tls === undefined ? null : { verify: tls.verify, server_name: tls.serverName };
}

/** Makes a string safe for a page and a terminal; null for an absent one. */
export function textView(text: string | undefined): string | null {
  return text === undefined ? null : printable(text);
}
