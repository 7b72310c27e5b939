/** A TCP check as the API shows it. */
import { formatAddress } from "../../model/spec.ts";
import { payloadView } from "../payload-fields.ts";
import { socketView } from "../socket-fields.ts";
import { tlsView } from "../view.ts";
import type { TcpSpec } from "./spec.ts";

/** Shows the check without the bytes that it sends. */
export function tcpView(spec: TcpSpec) {
  return {
    address: formatAddress(spec.address),
    tls: tlsView(spec.tls),
    ...payloadView(spec),
    close: spec.close,
    handshake: spec.handshake,
    ...socketView(spec.socket),
  };
}
