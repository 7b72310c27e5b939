/** A TCP check as the API shows it. */

import { hexOfBytes, textOfBytes } from "../../model/bytes.ts";
import { printable } from "../../model/printable.ts";
import { formatAddress } from "../../model/spec.ts";
import { bytesNotShown } from "../../redaction/marks.ts";
import { socketView } from "../socket-fields.ts";
import { tlsView } from "../view.ts";
import type { TcpSpec } from "./spec.ts";

/** Shows the check without the bytes that it sends. */
export function tcpView(spec: TcpSpec) {
  return {
    address: formatAddress(spec.address),
    tls: tlsView(spec.tls),
    send: spec.send === undefined ? null : bytesNotShown(spec.send.length),
    ...receiveView(spec.receive),
    close: spec.close,
    handshake: spec.handshake,
    ...socketView(spec.socket),
  };
}

/** As the operator would write it: a string where the bytes are text. */
function receiveView(receive: Uint8Array | undefined) {
  if (receive === undefined) return { receive: null };
  const text = textOfBytes(receive);
  return text === undefined ? { receive_hex: hexOfBytes(receive) } : { receive: printable(text) };
}
