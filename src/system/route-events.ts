/**
 * Changes of this host's links, addresses, routes and rules, through rtnetlink(7). The messages are not read: the
 * caller looks the routes up again. Needs no privilege; a sandbox must allow AF_NETLINK.
 */
import { EAGAIN, ENOBUFS, errnoMessage } from "./errno.ts";
import { AF_NETLINK, EPOLLIN, errno, libc, MSG_DONTWAIT, NETLINK_ROUTE, RTMGRP, SOCK_RAW } from "./libc.ts";
import type { Sockets } from "./sockets.ts";
import type { Watched } from "./watched.ts";

/** `struct sockaddr_nl`, and the offset of its groups. */
const ADDRESS_BYTES = 12;
const GROUPS_AT = 8;
/** Messages are cut off at this length. */
const MESSAGE_BYTES = 16;
/** Messages that one round reads; then the checks have their turn. */
const MAX_READS = 256;

/** The socket that receives the changes. */
export class RouteEvents implements Watched {
  readonly fd: number;
  readonly serial: number;
  readonly #sockets: Sockets;
  readonly #changed: () => void;
  readonly #message = new Uint8Array(MESSAGE_BYTES);

  /**
   * Subscribes.
   *
   * @param changed - called from within the dialer's poll, once for any number of changes, also after the kernel has dropped some
   * @throws Error when this host does not allow it
   */
  constructor(sockets: Sockets, changed: () => void) {
    this.#sockets = sockets;
    this.#changed = changed;
    this.serial = sockets.nextSerial();
    this.fd = sockets.open({ family: AF_NETLINK }, SOCK_RAW, NETLINK_ROUTE);
    if (this.fd < 0) throw new Error(`open a netlink socket: ${errnoMessage(-this.fd)}`);
    const address = new Uint8Array(ADDRESS_BYTES);
    const view = new DataView(address.buffer);
    view.setUint16(0, AF_NETLINK, true);
    view.setUint32(GROUPS_AT, RTMGRP, true);
    if (libc.bind(this.fd, address, ADDRESS_BYTES) === 0 && sockets.watchAside(this, EPOLLIN)) return;
    const number = errno();
    sockets.closeDescriptor(this.fd);
    throw new Error(`subscribe to rtnetlink: ${errnoMessage(number)}`);
  }

  ready(): void {
    let isNew = false;
    for (let reads = 0; reads < MAX_READS; reads++) {
      const count = Number(libc.recv(this.fd, this.#message, MESSAGE_BYTES, MSG_DONTWAIT));
      const number = count < 0 ? errno() : 0;
      if (number !== 0 && number !== ENOBUFS) {
        // Any other error repeats; the routes are looked up once more, and then no more events come.
        if (isNew || number !== EAGAIN) this.#changed();
        return;
      }
      // After ENOBUFS changes are missing, which is a change as well.
      isNew = true;
    }
    this.#sockets.again(this);
    this.#changed();
  }
}
