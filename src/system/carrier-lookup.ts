/**
 * Looks up the link that packets to a target leave through, and whether it has a carrier, with requests to rtnetlink(7). The kernel keeps the
 * routes of a link without a carrier (unless `ignore_routes_with_linkdown` is set), so `connect` succeeds and the packets are lost.
 */
import { AF_NETLINK, libc, MSG_DONTWAIT, NETLINK_ROUTE, SOCK_CLOEXEC, SOCK_RAW } from "./libc.ts";
import {
  ATTRIBUTE_BYTES,
  FLAGS_AT,
  findAttribute,
  IFF_LOWER_UP,
  IFF_UP,
  IFLA_CARRIER_CHANGES,
  LINK_BYTES,
  LINK_FLAGS_AT,
  LINK_INDEX_AT,
  PAYLOAD_AT,
  ROUTE_BYTES,
  ROUTE_FAMILY_AT,
  ROUTE_PREFIX_AT,
  RTA_DST,
  RTA_OIF,
  RTM_GETLINK,
  RTM_GETROUTE,
  RTM_NEWLINK,
  RTM_NEWROUTE,
  TYPE_AT,
} from "./rtnetlink.ts";
import { inetBytes, type SockAddr } from "./sockaddr.ts";

const NLM_F_REQUEST = 1;
/** Longer messages are cut off: a route is short, and of a link only the beginning counts. */
const REPLY_BYTES = 512;

/** The carrier of a link. */
export interface Carrier {
  /** Index of the link. */
  readonly link: number;
  /** True when the link is up without it. */
  readonly isLost: boolean;
  /** Number of times that it has come or gone; 0 when the kernel does not count. */
  readonly changes: number;
}

/** Answers for the targets of one look; disposing closes its socket. */
export class CarrierLookup implements Disposable {
  readonly #fd = libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  readonly #reply = new DataView(new ArrayBuffer(REPLY_BYTES));
  readonly #carriers = new Map<number, Carrier>();

  /**
   * Looks a target up.
   *
   * @returns true when its link is up without a carrier; false also when that is unknown
   */
  isLost(target: SockAddr): boolean {
    return this.of(target)?.isLost === true;
  }

  /** Looks the carrier of a target's link up. @returns undefined when it is unknown, and for a target with socket options, which may take another route */
  of(target: SockAddr): Carrier | undefined {
    if (target.setup !== undefined) return undefined;
    const link = this.#linkOf(target);
    if (link === undefined) return undefined;
    const known = this.#carriers.get(link);
    if (known !== undefined) return known;
    const carrier = this.#carrierOf(link);
    this.#carriers.set(link, carrier);
    return carrier;
  }

  [Symbol.dispose](): void {
    if (this.#fd >= 0) libc.close(this.#fd);
  }

  #linkOf({ family, bytes }: SockAddr): number | undefined {
    const address = inetBytes({ family, bytes });
    const request = newRequest(RTM_GETROUTE, ROUTE_BYTES + ATTRIBUTE_BYTES + address.length);
    const attributeAt = PAYLOAD_AT + ROUTE_BYTES;
    request.setUint8(ROUTE_FAMILY_AT, family);
    request.setUint8(ROUTE_PREFIX_AT, address.length * 8);
    request.setUint16(attributeAt, ATTRIBUTE_BYTES + address.length, true);
    request.setUint16(attributeAt + 2, RTA_DST, true);
    new Uint8Array(request.buffer).set(address, attributeAt + ATTRIBUTE_BYTES);
    const length = this.#ask(request, RTM_NEWROUTE);
    return length === undefined ? undefined : outgoingLink(this.#reply, length);
  }

  #carrierOf(link: number): Carrier {
    const request = newRequest(RTM_GETLINK, LINK_BYTES);
    request.setInt32(LINK_INDEX_AT, link, true);
    const length = this.#ask(request, RTM_NEWLINK);
    if (length === undefined) return { link, isLost: false, changes: 0 };
    const flags = this.#reply.getUint32(LINK_FLAGS_AT, true);
    const isLost = (flags & IFF_UP) !== 0 && (flags & IFF_LOWER_UP) === 0;
    const found = findAttribute(this.#reply, LINK_BYTES, length, IFLA_CARRIER_CHANGES);
    return { link, isLost, changes: found?.bytes === 4 ? this.#reply.getUint32(found.at, true) : 0 };
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
  const found = findAttribute(reply, ROUTE_BYTES, length, RTA_OIF);
  return found?.bytes === 4 ? reply.getUint32(found.at, true) : undefined;
}
