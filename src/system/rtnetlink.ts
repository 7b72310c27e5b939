/** Layout of the messages of rtnetlink(7), as far as the server sends and reads them (linux/netlink.h, linux/rtnetlink.h). */

/** Message types. */
export const RTM_NEWLINK = 16;
export const RTM_DELLINK = 17;
export const RTM_GETLINK = 18;
export const RTM_DELADDR = 21;
export const RTM_NEWROUTE = 24;
export const RTM_DELROUTE = 25;
export const RTM_GETROUTE = 26;
/** Attributes of an address: the peer's on a point-to-point link, and the own one where the two differ. */
export const IFA_ADDRESS = 1;
export const IFA_LOCAL = 2;
/** Attributes of a route: the destination, and the index of the outgoing link. */
export const RTA_DST = 1;
export const RTA_OIF = 4;
/** Attribute of a link: how often its carrier has come or gone. */
export const IFLA_CARRIER_CHANGES = 35;
/** Bits of a link: it is set up; its driver has a carrier (linux/if.h). */
export const IFF_UP = 0x1;
export const IFF_LOWER_UP = 0x1_0000;

/** Offset of the type in `struct nlmsghdr`, and of what follows that. */
export const TYPE_AT = 4;
export const FLAGS_AT = 6;
export const PAYLOAD_AT = 16;
/** Lengths of `struct ifinfomsg`, `ifaddrmsg` and `rtmsg`. */
export const LINK_BYTES = 16;
export const ADDRESS_BYTES = 8;
export const ROUTE_BYTES = 12;
/** Offsets in a message about a link. */
export const LINK_INDEX_AT = PAYLOAD_AT + 4;
export const LINK_FLAGS_AT = PAYLOAD_AT + 8;
/** Offsets in a message about a route: the family, the length of its prefix, its type and its flags. */
export const ROUTE_FAMILY_AT = PAYLOAD_AT;
export const ROUTE_PREFIX_AT = PAYLOAD_AT + 1;
export const ROUTE_TYPE_AT = PAYLOAD_AT + 7;
export const ROUTE_FLAGS_AT = PAYLOAD_AT + 8;
/** Length of `struct rtattr`. */
export const ATTRIBUTE_BYTES = 4;

/** The value of an attribute within its message. */
export interface Attribute {
  readonly at: number;
  readonly bytes: number;
}

/**
 * Finds an attribute.
 *
 * @param structBytes - length of the structure before the attributes
 * @param length - of the message; one that was cut off ends earlier than it says
 */
export function findAttribute(
  message: DataView,
  structBytes: number,
  length: number,
  wanted: number,
): Attribute | undefined {
  let at = PAYLOAD_AT + structBytes;
  while (at + ATTRIBUTE_BYTES <= length) {
    const bytes = message.getUint16(at, true);
    if (bytes < ATTRIBUTE_BYTES || at + bytes > length) return undefined;
    if (message.getUint16(at + 2, true) === wanted)
      return { at: at + ATTRIBUTE_BYTES, bytes: bytes - ATTRIBUTE_BYTES };
    // Attributes are aligned to four bytes.
    at += (bytes + 3) & ~3;
  }
  return undefined;
}
