/** The target of an ICMP check in the form that the kernel takes; made once for each healthcheck. */
import type { SocketOptions } from "../../model/spec.ts";
import type { EchoPath, EchoTarget } from "../../system/echo-request.ts";
import { sockAddr } from "../../system/sockaddr.ts";
import type { IcmpSpec } from "./spec.ts";

/** An IPv4 address in the notation of IPv6, in its shortest form. */
const MAPPED = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;

/** Prepares the target of a check. */
export function echoTarget({ ip: written, socket, payloadBytes, ttl }: IcmpSpec): EchoTarget {
  const ip = echoIp(written);
  const sourceIp = socket?.sourceIp === undefined ? undefined : plainIp(socket.sourceIp);
  const options = socket === undefined ? undefined : { ...socket, sourceIp };
  return {
    address: sockAddr({ ip, port: 0 }),
    ip,
    payloadBytes,
    path: echoPath(ip.includes(":"), ttl, options),
  };
}

function echoPath(isIpv6: boolean, ttl: number | undefined, options: SocketOptions | undefined): EchoPath {
  const { mark, sourceIp, interface: name } = options ?? {};
  const key = JSON.stringify([isIpv6, ttl, mark, sourceIp, name]);
  return { key, isIpv6, ttl, options };
}

/** The address that answers: the unspecified address stands for this host, as it does in `connect`. */
function echoIp(written: string): string {
  const ip = plainIp(written);
  if (ip === "0.0.0.0") return "127.0.0.1";
  return ip === "::" ? "::1" : ip;
}

/** `10.0.0.1` for `::ffff:a00:1`: such packets are IPv4. */
function plainIp(ip: string): string {
  const [, high, low] = MAPPED.exec(ip) ?? [];
  if (high === undefined || low === undefined) return ip;
  const [front, back] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return `${front >> 8}.${front & 0xff}.${back >> 8}.${back & 0xff}`;
}
