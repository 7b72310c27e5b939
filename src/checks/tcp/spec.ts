/** Specification of a TCP check. */
import type { HandshakeMode } from "../../model/check-defaults.ts";
import {
  type Address,
  formatAddress,
  formatViaBackend,
  type SocketOptions,
  type TlsSpec,
} from "../../model/spec.ts";

/** A connection, with an optional exchange of bytes. */
export interface TcpSpec {
  readonly type: "tcp";
  readonly address: Address;
  readonly socket: SocketOptions | undefined;
  readonly tls: TlsSpec | undefined;
  /** Written once connected. */
  readonly send: Uint8Array | undefined;
  /** Required beginning of the answer. */
  readonly receive: Uint8Array | undefined;
  /** `reset` leaves no TIME_WAIT behind; `graceful` is for backends that log resets. */
  readonly close: "reset" | "graceful";
  /** `half` holds the last ACK of the handshake back until the check has something to send, `full` sends it immediately. */
  readonly handshake: HandshakeMode;
}

/** Formats the target: `tcp://10.0.0.1:80`, `tls://10.0.0.1:443`. */
export function formatTcpTarget({ tls, address, socket }: TcpSpec): string {
  return `${tls === undefined ? "tcp" : "tls"}://${formatAddress(address)}${formatViaBackend(socket)}`;
}
