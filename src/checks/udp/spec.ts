/** Specification of a UDP check. */
import { type Address, formatAddress, formatViaBackend, type SocketOptions } from "../../model/spec.ts";

/**
 * Evidence that a UDP check asks for: `answer` is a datagram of the backend; `none` is the absence of an ICMP error until the timeout.
 */
export const EXPECTATIONS = ["answer", "none"] as const;
/** One of {@link EXPECTATIONS}. */
export type Expectation = (typeof EXPECTATIONS)[number];

/** A datagram, and what must come back. */
export interface UdpSpec {
  readonly type: "udp";
  readonly address: Address;
  readonly socket: SocketOptions | undefined;
  /** Payload of the datagram; undefined for an empty one. */
  readonly send: Uint8Array | undefined;
  /** Required beginning of the answer; undefined for any. */
  readonly receive: Uint8Array | undefined;
  /** `none` never comes with {@link receive}. */
  readonly expect: Expectation;
}

/** Formats the target: `udp://10.0.0.1:53`. */
export function formatUdpTarget({ address, socket }: UdpSpec): string {
  return `udp://${formatAddress(address)}${formatViaBackend(socket)}`;
}
