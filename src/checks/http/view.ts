/** An HTTP check as the API shows it. */
import { formatAddress } from "../../model/spec.ts";
import { headerNotShown } from "../../redaction/marks.ts";
import { shownPath } from "../../redaction/urls.ts";
import { socketView } from "../socket-fields.ts";
import { textView, tlsView } from "../view.ts";
import type { HttpSpec } from "./spec.ts";

/** Shows the check without header values, query, user and password. */
export function httpView(spec: HttpSpec) {
  return {
    address: formatAddress(spec.address),
    tls: tlsView(spec.tls),
    method: spec.method,
    path: shownPath(spec.path),
    host: spec.host,
    headers: spec.headers.map(([name]) => headerNotShown(name)),
    expected_codes: spec.expectedCodes,
    response: textView(spec.response),
    ...(spec.origin === undefined ? {} : { proxy: true, origin: `${spec.origin.host}:${spec.origin.port}` }),
    // With a backend behind a VIP `host` is that backend.
    ...(spec.socket?.forwarding === undefined ? {} : { host_header: spec.host }),
    ...socketView(spec.socket),
  };
}
