/**
 * Changes of this host's links, addresses, routes and rules, through rtnetlink(7). The caller looks the routes up again; of the messages
 * themselves only losses are read, which may be over by then. Needs no privilege; a sandbox must allow AF_NETLINK.
 */
import { EAGAIN, ENOBUFS, errnoMessage } from "./errno.ts";
import { AF_NETLINK, errno, libc, MSG_DONTWAIT, NETLINK_ROUTE, RTMGRP, SOCK_RAW } from "./libc.ts";
import { type RouteLoss, readLoss } from "./route-loss.ts";
import type { Sockets } from "./sockets.ts";
import type { Watched } from "./watched.ts";

/** `struct sockaddr_nl`, and the offset of its groups. */
const ADDRESS_BYTES = 12;
const GROUPS_AT = 8;
/** Messages are cut off at this length; what a loss is about stands at their beginning. */
const MESSAGE_BYTES = 128;
/** Losses of one call. In more, thousands of routes are exchanged, and few of them matter. */
const MAX_LOSSES = 64;
/** Messages that one round reads; then the checks have their turn. */
const MAX_READS = 256;

/**
 * Receives that something has changed, once for any number of changes, also after the kernel has dropped some.
 *
 * @param losses - what was lost, as far as it is known; what is lost may be back
 */
export type OnRouteChange = (losses: readonly RouteLoss[]) => void;

/** The socket that receives the changes. */
export class RouteEvents implements Watched {
  readonly fd: number;
  readonly serial: number;
  readonly #changed: OnRouteChange;
  readonly #message = new Uint8Array(MESSAGE_BYTES);
  readonly #view = new DataView(this.#message.buffer);
  /** Length of the message, as far as it was received; negative without one. */
  #length = 0;
  #isBroken = false;

  /**
   * Subscribes.
   *
   * @param changed - called from within the dialer's poll, before the results of checks
   * @throws Error when this host does not allow it
   */
  constructor(sockets: Sockets, changed: OnRouteChange) {
    this.#changed = changed;
    this.serial = sockets.nextSerial();
    this.fd = sockets.open({ family: AF_NETLINK }, SOCK_RAW, NETLINK_ROUTE);
    if (this.fd < 0) throw new Error(`open a netlink socket: ${errnoMessage(-this.fd)}`);
    const address = new Uint8Array(ADDRESS_BYTES);
    const view = new DataView(address.buffer);
    view.setUint16(0, AF_NETLINK, true);
    view.setUint32(GROUPS_AT, RTMGRP, true);
    if (libc.bind(this.fd, address, ADDRESS_BYTES) === 0) {
      sockets.serveFirst(this);
      return;
    }
    const number = errno();
    sockets.closeDescriptor(this.fd);
    throw new Error(`subscribe to rtnetlink: ${errnoMessage(number)}`);
  }

  ready(): void {
    if (this.#isBroken || !this.#receive()) return;
    const losses: RouteLoss[] = [];
    let reads = 1;
    do {
      const loss = losses.length < MAX_LOSSES ? readLoss(this.#view, this.#length) : undefined;
      if (loss !== undefined) losses.push(loss);
    } while (!this.#isBroken && reads++ < MAX_READS && this.#receive());
    this.#changed(losses);
  }

  /** @returns true when there was a message, or the kernel has dropped some, which is a change as well */
  #receive(): boolean {
    this.#length = Number(libc.recv(this.fd, this.#message, MESSAGE_BYTES, MSG_DONTWAIT));
    if (this.#length >= 0) return true;
    const number = errno();
    if (number === EAGAIN) return false;
    // Any other error repeats; the routes are looked up once more, and then no more events come.
    this.#isBroken = number !== ENOBUFS;
    return true;
  }
}
