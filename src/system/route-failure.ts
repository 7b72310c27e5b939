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
  return detail === undefined ? undefined : failure(errnoMessage(number), detail);
}

function failure(reason: string, detail: string): SetupFailure {
  return { cause: "network", message: `${reason}; this host has no route${detail}`, noRoute: true };
}
