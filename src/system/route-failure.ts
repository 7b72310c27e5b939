/**
 * Errors that `connect` or `send` returns itself: the routing table of this host has rejected the packet, and the backend was not asked.
 * The same error numbers come from the network when the socket reports them later; only the caller can distinguish them.
 */
import {
  EACCES,
  EADDRNOTAVAIL,
  EHOSTUNREACH,
  EINVAL,
  ENETDOWN,
  ENETUNREACH,
  ENODEV,
  errnoMessage,
} from "./errno.ts";
import { AF_INET6 } from "./libc.ts";
import { lookUpRoute } from "./route-lookup.ts";
import type { SockAddr } from "./sockaddr.ts";
import type { SetupFailure } from "./socket-setup.ts";

/** Entry of the routing table that rejects the packet, by error number; empty when it has no entry. */
const DETAILS: ReadonlyMap<number, string> = new Map([
  [ENETUNREACH, ""],
  [EHOSTUNREACH, ""],
  [ENETDOWN, ""],
  [ENODEV, ""],
  [EACCES, " (a prohibit route)"],
  [EINVAL, " (a blackhole route)"],
]);

/** Offset of the address in `struct sockaddr_in6`. */
const IPV6_AT = 8;

/**
 * Explains an error number that `connect` or `send` has returned itself.
 *
 * @param address - the target, with the options of its sockets
 * @returns undefined when the routing table is not the reason
 */
export function routeFailure(number: number, address: SockAddr): SetupFailure | undefined {
  // Of TCP: no port is free, or in IPv6 no address fits. A UDP socket needs no free port to find an address.
  const mayLackAddress = number === EADDRNOTAVAIL && address.family === AF_INET6 && address.local !== true;
  if (mayLackAddress && lookUpRoute(address).number === EADDRNOTAVAIL)
    return failure("address not available", " (no source address)");
  const detail = DETAILS.get(number);
  if (detail === undefined) return undefined;
  const own = addressProblem(number, address);
  return own === undefined ? failure(errnoMessage(number), detail) : unusable(errnoMessage(number), own);
}

/** Explains an error that the kernel gives for the target itself, with the number of a route that rejects it; undefined for other targets. */
function addressProblem(number: number, address: SockAddr): string | undefined {
  if (number === EINVAL && needsInterface(address)) return "a link-local address needs interface";
  const isRejected = number === EACCES && lookUpRoute(address).number === EACCES;
  return isRejected && lookUpRoute(address, true).number === 0 ? "a broadcast address" : undefined;
}

/** Recognizes an IPv6 address that each link has for itself: fe80::/10, ff01::/16 and ff02::/16 (RFC 4007, 6). */
function needsInterface({ family, bytes }: SockAddr): boolean {
  if (family !== AF_INET6) return false;
  const [first = 0, second = 0] = bytes.subarray(IPV6_AT);
  if (first === 0xff) return (second & 0x0f) === 1 || (second & 0x0f) === 2;
  return first === 0xfe && (second & 0xc0) === 0x80;
}

function unusable(reason: string, why: string): SetupFailure {
  return { cause: "network", message: `${reason} (${why})`, noRoute: true };
}

function failure(reason: string, detail: string): SetupFailure {
  return { cause: "network", message: `${reason}; this host has no route${detail}`, noRoute: true };
}
