/**
 * The local ends of the open UDP sockets of checks. When no process listens on a port of the ephemeral range of this host's own address, the
 * kernel may give that very port to a check: to the check of that port itself, whose socket then receives its own datagrams, or to another
 * check under way, so that two sockets of checks answer each other. Both look like a backend that answers.
 */
import { AF_INET, libc } from "./libc.ts";

const NAME_BYTES = 28;
/** The same in `struct sockaddr_in` and `struct sockaddr_in6`. */
const PORT_AT = 2;
const IPV4_AT = 4;
const IPV6_AT = 8;
/** The last four bytes of an IPv6 address. */
const MAPPED_AT = 20;
/** Beginning of an IPv4 address in an IPv6 address (RFC 4291, 2.5.5.2). */
const MAPPED_PREFIX = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
/** One port can be local to two sockets, one for each version of IP. */
const IPV6_KEY = 0x1_0000;

/** Recognizes a UDP socket that talks to a check of this process. One instance serves every socket, so a check allocates no buffers. */
export class UdpEnds {
  /** The sockets by local port and version of IP. */
  readonly #fds = new Map<number, number>();
  readonly #local = new Uint8Array(NAME_BYTES);
  readonly #remote = new Uint8Array(NAME_BYTES);
  readonly #length = new Uint32Array(1);

  /** Adds a connected socket. @returns its key, for {@link remove}; -1 when the kernel does not report its address */
  add(fd: number): number {
    this.#length[0] = NAME_BYTES;
    if (libc.getsockname(fd, this.#local, this.#length) !== 0) return -1;
    const key = keyOf(this.#local);
    this.#fds.set(key, fd);
    return key;
  }

  /** Removes a socket before it is closed. @param key - from {@link add} */
  remove(key: number, fd: number): void {
    if (this.#fds.get(key) === fd) this.#fds.delete(key);
  }

  /**
   * Returns true when the address that a socket is connected to is the local one of an added socket, perhaps its own.
   *
   * @param port - remote port of the socket; one that is not local to any settles it without a system call
   */
  meets(fd: number, port: number): boolean {
    if (!this.#fds.has(port) && !this.#fds.has(IPV6_KEY + port)) return false;
    this.#length[0] = NAME_BYTES;
    if (libc.getpeername(fd, this.#remote, this.#length) !== 0) return false;
    const other = this.#fds.get(keyOf(this.#remote));
    if (other === undefined) return false;
    this.#length[0] = NAME_BYTES;
    return libc.getsockname(other, this.#local, this.#length) === 0 && sameIp(this.#local, this.#remote);
  }
}

function keyOf(name: Uint8Array): number {
  const port = (name[PORT_AT] ?? 0) * 256 + (name[PORT_AT + 1] ?? 0);
  return ipv4At(name) === undefined ? IPV6_KEY + port : port;
}

/** Returns the offset of an IPv4 address, also of one in an IPv6 address; undefined for every other. */
function ipv4At(name: Uint8Array): number | undefined {
  if (name[0] === AF_INET) return IPV4_AT;
  return MAPPED_PREFIX.every((byte, index) => name[IPV6_AT + index] === byte) ? MAPPED_AT : undefined;
}

/** Compares the addresses of two names whose version of IP is the same. */
function sameIp(one: Uint8Array, other: Uint8Array): boolean {
  const length = ipv4At(one) === undefined ? 16 : 4;
  const [at, otherAt] = [ipv4At(one) ?? IPV6_AT, ipv4At(other) ?? IPV6_AT];
  for (let index = 0; index < length; index++) if (one[at + index] !== other[otherAt + index]) return false;
  return true;
}
