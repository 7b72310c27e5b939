/**
 * Looks a target up in the routing table of this host, without sending a packet: connects a UDP socket, with the options of the check's
 * own sockets, and closes it.
 */
import { EMFILE } from "./errno.ts";
import { errno, libc, SO_BROADCAST, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_NONBLOCK, SOL_SOCKET } from "./libc.ts";
import { type SockAddr, sockAddrIp } from "./sockaddr.ts";

const NAME_BYTES = 28;
/** Offset of the port in `struct sockaddr_in` and `struct sockaddr_in6`. */
const PORT_AT = 2;
/** Any port will do: nothing is sent (RFC 863). */
const DISCARD_PORT = 9;

const local = new Uint8Array(NAME_BYTES);
const localView = new DataView(local.buffer);
const length = new Uint32Array(1);
const on = new Int32Array([1]);

/** Result of a lookup. */
export interface RouteLookup {
  /** The errno; 0 when there is a route, or when this host cannot look now. */
  readonly number: number;
  /** The address that packets to the target carry; undefined without a route. */
  readonly source: string | undefined;
}

/**
 * Looks up the route to a target; takes a few microseconds.
 *
 * @param broadcast - true to accept a broadcast address, which is rejected with EACCES otherwise
 */
export function lookUpRoute({ family, bytes, setup }: SockAddr, broadcast = false): RouteLookup {
  const fd = libc.socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return { number: errno() === EMFILE ? 0 : errno(), source: undefined };
  try {
    // A rejected option is reported by the check itself.
    if (setup?.apply(fd) !== undefined) return { number: 0, source: undefined };
    if (broadcast) libc.setsockopt(fd, SOL_SOCKET, SO_BROADCAST, on, 4);
    const target = bytes.slice();
    if (target[PORT_AT] === 0 && target[PORT_AT + 1] === 0) target[PORT_AT + 1] = DISCARD_PORT;
    if (libc.connect(fd, target, target.length) !== 0) return { number: errno(), source: undefined };
    return { number: 0, source: localIp(fd) };
  } finally {
    libc.close(fd);
  }
}

/** Returns the local address of a connected socket; undefined when the kernel does not report it. */
export function localIp(fd: number): string | undefined {
  length[0] = NAME_BYTES;
  return libc.getsockname(fd, local, length) === 0 ? sockAddrIp(localView, 0) : undefined;
}
