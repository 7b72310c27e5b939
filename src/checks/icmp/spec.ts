/** Specification of an ICMP check. */
import type { SocketOptions } from "../../model/spec.ts";

/** Echo requests to an address, of which one must be answered. */
export interface IcmpSpec {
  readonly type: "icmp";
  /** An IPv4 or IPv6 address in its shortest form. */
  readonly ip: string;
  readonly socket: SocketOptions | undefined;
  /** Bytes of payload in a request, the token included. */
  readonly payloadBytes: number;
  /** TTL of the requests, the hop limit in IPv6; undefined for the default of this host. */
  readonly ttl: number | undefined;
  /** Requests that one check sends at most; it ends with the first answer. */
  readonly count: number;
}

/** Formats the target: `icmp://10.0.0.1`, `icmp://[::1]`. */
export function formatIcmpTarget({ ip }: IcmpSpec): string {
  return `icmp://${ip.includes(":") ? `[${ip}]` : ip}`;
}
