/**
 * Losses among the messages of rtnetlink(7): a link, an address or a route that a check may have used is gone. The message proves it also when what
 * it was about is back already; pure.
 */
import { AF_INET6 } from "./libc.ts";
import {
  ADDRESS_BYTES,
  findAttribute,
  IFA_ADDRESS,
  IFA_LOCAL,
  IFF_LOWER_UP,
  IFF_UP,
  LINK_BYTES,
  LINK_FLAGS_AT,
  LINK_INDEX_AT,
  PAYLOAD_AT,
  ROUTE_BYTES,
  ROUTE_FAMILY_AT,
  ROUTE_FLAGS_AT,
  ROUTE_PREFIX_AT,
  ROUTE_TYPE_AT,
  RTA_DST,
  RTM_DELADDR,
  RTM_DELLINK,
  RTM_DELROUTE,
  RTM_NEWLINK,
  RTM_NEWROUTE,
  TYPE_AT,
} from "./rtnetlink.ts";
import { INET_AT, INET6_AT, ipText, type SockAddr } from "./sockaddr.ts";

/** Types of a route: packets are sent; and blackhole, unreachable and prohibit, by which they are rejected. */
const RTN_UNICAST = 1;
const RTN_BLACKHOLE = 6;
const RTN_PROHIBIT = 8;
/** Flag of an entry of the route cache, which comes and goes with every destination. */
const RTM_F_CLONED = 0x200;

/** A loss: of a link by its index, of an address of this host, or of the route to a prefix of a family. */
export type RouteLoss =
  | { readonly kind: "link"; readonly index: number }
  | { readonly kind: "address"; readonly ip: string }
  | {
      readonly kind: "route";
      readonly family: number;
      readonly prefixLength: number;
      readonly prefix: Uint8Array;
    };

/** Reads a message. @param length - its length, as far as it was received. @returns undefined when it is about no loss */
export function readLoss(message: DataView, length: number): RouteLoss | undefined {
  if (length < PAYLOAD_AT + ADDRESS_BYTES) return undefined;
  switch (message.getUint16(TYPE_AT, true)) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
      return lostLink(message, length);
    case RTM_DELADDR:
      return lostAddress(message, length);
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
      return lostRoute(message, length);
    default:
      return undefined;
  }
}

/** Returns true for a target within the prefix of a lost route. */
export function isWithin({ family, bytes }: SockAddr, loss: RouteLoss & { readonly kind: "route" }): boolean {
  if (family !== loss.family) return false;
  const at = family === AF_INET6 ? INET6_AT : INET_AT;
  for (let index = 0; index * 8 < loss.prefixLength; index++) {
    const bits = Math.min(8, loss.prefixLength - index * 8);
    const difference = (bytes[at + index] ?? 0) ^ (loss.prefix[index] ?? 0);
    if (difference >> (8 - bits) !== 0) return false;
  }
  return true;
}

function lostLink(message: DataView, length: number): RouteLoss | undefined {
  if (length < PAYLOAD_AT + LINK_BYTES) return undefined;
  const works = IFF_UP | IFF_LOWER_UP;
  const isGone = message.getUint16(TYPE_AT, true) === RTM_DELLINK;
  if (!isGone && (message.getUint32(LINK_FLAGS_AT, true) & works) === works) return undefined;
  return { kind: "link", index: message.getInt32(LINK_INDEX_AT, true) };
}

function lostAddress(message: DataView, length: number): RouteLoss | undefined {
  const found =
    findAttribute(message, ADDRESS_BYTES, length, IFA_LOCAL) ??
    findAttribute(message, ADDRESS_BYTES, length, IFA_ADDRESS);
  const ip = found && ipText(copyOf(message, found.at, found.bytes));
  return ip === undefined ? undefined : { kind: "address", ip };
}

function lostRoute(message: DataView, length: number): RouteLoss | undefined {
  if (length < PAYLOAD_AT + ROUTE_BYTES) return undefined;
  const type = message.getUint8(ROUTE_TYPE_AT);
  const isGone = message.getUint16(TYPE_AT, true) === RTM_DELROUTE;
  const isLoss = isGone ? type === RTN_UNICAST : type >= RTN_BLACKHOLE && type <= RTN_PROHIBIT;
  if (!isLoss || (message.getUint32(ROUTE_FLAGS_AT, true) & RTM_F_CLONED) !== 0) return undefined;
  // The default route has no destination.
  const found = findAttribute(message, ROUTE_BYTES, length, RTA_DST);
  return {
    kind: "route",
    family: message.getUint8(ROUTE_FAMILY_AT),
    prefixLength: message.getUint8(ROUTE_PREFIX_AT),
    prefix: found === undefined ? new Uint8Array() : copyOf(message, found.at, found.bytes),
  };
}

function copyOf(message: DataView, at: number, bytes: number): Uint8Array {
  return new Uint8Array(message.buffer, message.byteOffset + at, bytes).slice();
}
