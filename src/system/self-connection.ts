/**
 * Recognizes a connection that has connected to itself. When no process listens on a port of the ephemeral range of
 * this host's own address, the kernel may choose that very port as the local one; the two ends of one socket then
 * connect to each other (simultaneous open, RFC 9293 3.5).
 */
import { libc } from "./libc.ts";

const NAME_BYTES = 28;
/** The same in `struct sockaddr_in` and `struct sockaddr_in6`. */
const PORT_AT = 2;

/** Compares the two ends of a connection. One instance serves every socket, so a check allocates none. */
export class SelfConnection {
  readonly #local = new Uint8Array(NAME_BYTES);
  readonly #remote = new Uint8Array(NAME_BYTES);
  readonly #length = new Uint32Array(1);

  /**
   * Returns true when an open connection has the same local and remote address.
   *
   * @param fd - the socket
   * @param port - remote port; a different local port settles it without a second system call
   */
  is(fd: number, port: number): boolean {
    this.#length[0] = NAME_BYTES;
    if (libc.getsockname(fd, this.#local, this.#length) !== 0) return false;
    if ((this.#local[PORT_AT] ?? 0) * 256 + (this.#local[PORT_AT + 1] ?? 0) !== port) return false;
    this.#length[0] = NAME_BYTES;
    if (libc.getpeername(fd, this.#remote, this.#length) !== 0) return false;
    for (let at = 0; at < this.#length[0]; at++) if (this.#local[at] !== this.#remote[at]) return false;
    return true;
  }
}
