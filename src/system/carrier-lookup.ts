/**
 * Looks up the link that packets to a target leave through, and whether it has a carrier, with requests to rtnetlink(7). The kernel keeps the
 * routes of a link without a carrier (unless `ignore_routes_with_linkdown` is set), so `connect` succeeds and the packets are lost.
 */
import { AF_INET6, AF_NETLINK, libc, MSG_DONTWAIT, NETLINK_ROUTE, SOCK_CLOEXEC, SOCK_RAW } from "./libc.ts";
import type { SockAddr } from "./sockaddr.ts";

/** Message types, and a flag (linux/rtnetlink.h, linux/netlink.h). */
const RTM_NEWLINK = 16;
const RTM_GETLINK = 18;
const RTM_NEWROUTE = 24;
const RTM_GETROUTE = 26;
const NLM_F_REQUEST = 1;
/** Attributes of a route: the destination, and the index of the outgoing link. */
const RTA_DST = 1;
const RTA_OIF = 4;
/** Bits of a link: it is set up; its driver has a carrier (linux/if.h). */
const IFF_UP = 0x1;
const IFF_LOWER_UP = 0x1_0000;

/** Offsets in `struct nlmsghdr`, `rtmsg`, `ifinfomsg` and `rtattr`. */
const TYPE_AT = 4;
const FLAGS_AT = 6;
const PAYLOAD_AT = 16;
const ROUTE_BYTES = 12;
const LINK_BYTES = 16;
const LINK_INDEX_AT = PAYLOAD_AT + 4;
const LINK_FLAGS_AT = PAYLOAD_AT + 8;
const ATTRIBUTE_BYTES = 4;
const PREFIX_LENGTH_AT = PAYLOAD_AT + 1;
/** Offset of the address in `struct sockaddr_in` and `sockaddr_in6`. */
const INET_AT = 4;
const INET6_AT = 8;
/** Longer messages are cut off: a route is short, and of a link only the beginning counts. */
const REPLY_BYTES = 512;

/** Answers for the targets of one look; disposing closes its socket. */
export class CarrierLookup implements Disposable {
  readonly #fd = libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  readonly #reply = new DataView(new ArrayBuffer(REPLY_BYTES));
  readonly #lost = new Map<number, boolean>();

  /**
   * Looks a target up.
   *
   * @returns true when its link is up without a carrier; false also when that is unknown, and for a target with socket options, which may
   * take another route
   */
  isLost(target: SockAddr): boolean {
    if (target.setup !== undefined) return false;
    const link = this.#linkOf(target);
    if (link === undefined) return false;
    const known = this.#lost.get(link);
    if (known !== undefined) return known;
    const isLost = this.#hasNoCarrier(link);
    this.#lost.set(link, isLost);
    return isLost;
  }

  [Symbol.dispose](): void {
    if (this.#fd >= 0) libc.close(this.#fd);
  }

  #linkOf({ family, bytes }: SockAddr): number | undefined {
    const address =
      family === AF_INET6 ? bytes.subarray(INET6_AT, INET6_AT + 16) : bytes.subarray(INET_AT, INET_AT + 4);
    const request = newRequest(RTM_GETROUTE, ROUTE_BYTES + ATTRIBUTE_BYTES + address.length);
    const attributeAt = PAYLOAD_AT + ROUTE_BYTES;
    request.setUint8(PAYLOAD_AT, family);
    request.setUint8(PREFIX_LENGTH_AT, address.length * 8);
    request.setUint16(attributeAt, ATTRIBUTE_BYTES + address.length, true);
    request.setUint16(attributeAt + 2, RTA_DST, true);
    new Uint8Array(request.buffer).set(address, attributeAt + ATTRIBUTE_BYTES);
    const length = this.#ask(request, RTM_NEWROUTE);
    return length === undefined ? undefined : outgoingLink(this.#reply, length);
  }

  #hasNoCarrier(link: number): boolean {
    const request = newRequest(RTM_GETLINK, LINK_BYTES);
    request.setInt32(LINK_INDEX_AT, link, true);
    if (this.#ask(request, RTM_NEWLINK) === undefined) return false;
    const flags = this.#reply.getUint32(LINK_FLAGS_AT, true);
    return (flags & IFF_UP) !== 0 && (flags & IFF_LOWER_UP) === 0;
  }

  /** Sends a request; the kernel has answered when `send` returns. @returns the length of the reply; undefined without one */
  #ask(request: DataView<ArrayBuffer>, type: number): number | undefined {
    const bytes = new Uint8Array(request.buffer);
    if (Number(libc.send(this.#fd, bytes, bytes.length, 0)) !== bytes.length) return undefined;
    const reply = new Uint8Array(this.#reply.buffer);
    const length = Number(libc.recv(this.#fd, reply, reply.length, MSG_DONTWAIT));
    if (length < PAYLOAD_AT + ROUTE_BYTES || this.#reply.getUint16(TYPE_AT, true) !== type) return undefined;
    return length;
  }
}

function newRequest(type: number, payloadBytes: number): DataView<ArrayBuffer> {
  const request = new DataView(new ArrayBuffer(PAYLOAD_AT + payloadBytes));
  request.setUint32(0, request.byteLength, true);
  request.setUint16(TYPE_AT, type, true);
  request.setUint16(FLAGS_AT, NLM_F_REQUEST, true);
  return request;
}

/** Returns the index of the link in a route. */
function outgoingLink(reply: DataView, length: number): number | undefined {
  let at = PAYLOAD_AT + ROUTE_BYTES;
  while (at + ATTRIBUTE_BYTES + 4 <= length) {
    const bytes = reply.getUint16(at, true);
    if (bytes < ATTRIBUTE_BYTES) return undefined;
    if (reply.getUint16(at + 2, true) === RTA_OIF) return reply.getUint32(at + ATTRIBUTE_BYTES, true);
    // Attributes are aligned to four bytes.
    at += (bytes + 3) & ~3;
  }
  return undefined;
}
