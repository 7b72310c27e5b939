/**
 * TCP sockets that serve one check after the other: Linux lets `connect` with AF_UNSPEC disconnect a TCP socket, which forgets everything
 * but its options (connect(2)), so it can connect again. Making and closing a socket is a third of what the kernel does for a bare TCP check,
 * and an eighth for an HTTP check. {@link SocketPool} has the sockets that wait.
 */
import type { PendingConnection } from "./connection.ts";
import { libc, SHUT_WR } from "./libc.ts";
import type { SockAddr } from "./sockaddr.ts";
import { SocketPool } from "./socket-pool.ts";
import { TcpInfo } from "./tcp-info.ts";

/** `struct sockaddr` of AF_UNSPEC, which disconnects. */
const UNSPECIFIED = new Uint8Array(16);

/** A socket that waits is still connected: both ends have closed, and the last acknowledgment may be on its way. */
const CLOSING = 1;
/** A socket has receive timestamps. */
const STAMPED = 2;

/** The sockets of the checks, as {@link SocketReuse} needs them. */
export interface ReuseHost {
  /** Watches an open connection no longer. */
  unwatch(connection: PendingConnection): void;
  /** Closes a descriptor, and counts it no longer. */
  closeDescriptor(fd: number): void;
}

/** Keeps the sockets of connections that are over, and gives them to the next check of their host. */
export class SocketReuse {
  readonly pool: SocketPool;
  readonly #sockets: ReuseHost;
  readonly #info = new TcpInfo();
  /** {@link CLOSING} and {@link STAMPED} of the sockets in the pool, by descriptor. */
  readonly #marks: number[] = [];
  #isStamped = false;

  /** @param maxDescriptors - descriptors that all checks may hold */
  constructor(sockets: ReuseHost, maxDescriptors: number) {
    this.#sockets = sockets;
    this.pool = new SocketPool(maxDescriptors);
  }

  /** True when the socket of the last {@link take} has receive timestamps already. */
  get isStamped(): boolean {
    return this.#isStamped;
  }

  /** Takes an unconnected socket for an address. @returns its descriptor, or undefined when the host has no socket here */
  take({ ip, setup }: SockAddr): number | undefined {
    // A pooled socket has no options.
    if (ip === undefined || setup !== undefined) return undefined;
    const fd = this.pool.take(ip);
    if (fd === undefined) return undefined;
    const marks = this.#marks[fd] ?? 0;
    this.#isStamped = (marks & STAMPED) !== 0;
    if ((marks & CLOSING) === 0 || this.#disconnectClosed(fd)) return fd;
    this.#sockets.closeDescriptor(fd);
    return undefined;
  }

  /** Resets a connection and keeps its socket. @returns false when the socket cannot be kept; its connection is still open then */
  reset(connection: PendingConnection): boolean {
    if (!this.#keep(connection, 0)) return false;
    if (libc.connect(connection.fd, UNSPECIFIED, UNSPECIFIED.length) === 0) return true;
    this.pool.take(connection.address.ip ?? "");
    return false;
  }

  /**
   * Closes a connection whose peer has closed it, and whose bytes are read, and keeps its socket.
   *
   * @returns false when the socket cannot be kept; its connection is still open then
   */
  finish(connection: PendingConnection): boolean {
    if (!this.#keep(connection, CLOSING)) return false;
    libc.shutdown(connection.fd, SHUT_WR);
    return true;
  }

  #keep(connection: PendingConnection, marks: number): boolean {
    const { fd, address, reusable, stamped } = connection;
    // The next check must not have the options of this one.
    if (!reusable || address.setup !== undefined || address.ip === undefined) return false;
    if (!this.pool.put(address.ip, fd)) return false;
    this.#marks[fd] = marks | (stamped ? STAMPED : 0);
    connection.reader = undefined;
    // Its events would look like those of the next connection.
    this.#sockets.unwatch(connection);
    return true;
  }

  /** Disconnects a socket both of whose ends have closed. Before the last acknowledgment, that would withdraw our FIN. */
  #disconnectClosed(fd: number): boolean {
    return (
      this.#info.read(fd) &&
      this.#info.closed &&
      // Linux before 5.6 counts what was sent again in the next connection, too.
      this.#info.rttMs !== undefined &&
      libc.connect(fd, UNSPECIFIED, UNSPECIFIED.length) === 0
    );
  }
}
