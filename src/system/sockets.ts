/**
 * The checks' sockets, of streams and of datagrams: one epoll instance that watches them, one buffer that reads them, and every way to
 * open and close them. The dialer polls them here; the streams and the UDP sockets read and end them here. Every descriptor is counted
 * from `socket` to `close`.
 */
import type { PendingConnection } from "./connection.ts";
import type { Descriptors } from "./descriptors.ts";
import { Discard } from "./discard.ts";
import { Epoll } from "./epoll.ts";
import { EMFILE, EPERM } from "./errno.ts";
import { ErrorQueue } from "./error-queue.ts";
import {
  EPOLLIN,
  EPOLLOUT,
  EPOLLPRI,
  EPOLLRDHUP,
  errno,
  libc,
  SHUT_WR,
  SO_LINGER,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOL_SOCKET,
} from "./libc.ts";
import { Lingering } from "./lingering.ts";
import { Receiver } from "./receiver.ts";
import { SocketReuse } from "./socket-reuse.ts";
import type { SetupFailure, SocketSetup } from "./socket-setup.ts";
import type { Ending } from "./stream-owner.ts";
import { UdpEnds } from "./udp-ends.ts";
import type { Watched } from "./watched.ts";

/** Share of the descriptors that connections may hold whose check is over. */
const LINGERING_SHARE = 0.25;
const MIN_LINGERING = 16;
/** Events that a stream waits for. */
const STREAM_EVENTS = EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP;

/** Family of a socket, and what prepares it; a {@link SockAddr} has both. */
export interface Opening {
  readonly family: number;
  readonly setup?: SocketSetup | undefined;
}

/** The sockets of all checks. */
export class Sockets {
  readonly receiver = new Receiver();
  readonly errorQueue = new ErrorQueue();
  readonly udpEnds = new UdpEnds();
  readonly lingering: Lingering;
  readonly reuse: SocketReuse;
  readonly descriptors: Descriptors;
  readonly #epoll: Epoll;
  readonly #onError: (error: unknown) => void;
  /** By descriptor. */
  readonly #watched: (Watched | undefined)[] = [];
  #size = 0;
  readonly #first: Watched[] = [];
  #again: Watched[] = [];
  #serial = 0;
  #setupFailure: SetupFailure | undefined;
  readonly #noLinger = new Int32Array([1, 0]);

  /**
   * Opens the epoll instance.
   *
   * @param descriptors - counter of all descriptors
   * @param onError - receives the exception of a socket's owner; the other sockets are served
   * @throws Error when the kernel gives no epoll instance
   */
  constructor(descriptors: Descriptors, onError: (error: unknown) => void) {
    this.descriptors = descriptors;
    this.#onError = onError;
    this.lingering = new Lingering(Math.max(MIN_LINGERING, Math.floor(descriptors.limit * LINGERING_SHARE)));
    this.reuse = new SocketReuse(this, descriptors.limit);
    this.#epoll = new Epoll((fd, serial, events) => {
      const socket = this.#watched[fd];
      // An event may be of a socket that a callback of this very round has closed.
      if (socket?.serial === serial) this.#call(socket, events);
    });
  }

  /** Number of sockets that {@link poll} must handle. */
  get size(): number {
    return this.#size + this.#again.length + this.lingering.size;
  }

  /** Returns a number that no other socket of the process has at the same time. */
  nextSerial(): number {
    this.#serial = (this.#serial + 1) >>> 0;
    return this.#serial;
  }

  /**
   * Closes a socket that waits for its next check, or a connection whose check is over, to free its descriptor for a check.
   *
   * @returns true when there was one
   */
  reclaim(): boolean {
    const fd = this.reuse.pool.evict();
    if (fd === undefined) return this.lingering.evict();
    this.closeDescriptor(fd);
    return true;
  }

  /**
   * Opens a non-blocking socket, sets its options and counts it. When the checks' descriptors are used up, a socket that no check needs gives way.
   *
   * @param address - the address that it will connect to
   * @param type - SOCK_STREAM, SOCK_DGRAM or SOCK_RAW
   * @param protocol - 0 for TCP and UDP
   * @returns the descriptor, or the negative errno: EMFILE also when the checks' descriptors are used up, EPERM with {@link setupFailure}
   * when this host rejects an option
   */
  open({ family, setup }: Opening, type: number, protocol = 0): number {
    this.#setupFailure = undefined;
    if (!this.#acquire()) return -EMFILE;
    const fd = libc.socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    if (fd < 0) {
      const number = errno();
      this.descriptors.release();
      return -number;
    }
    this.#setupFailure = setup?.apply(fd);
    if (this.#setupFailure === undefined) return fd;
    libc.close(fd);
    this.descriptors.release();
    return -EPERM;
  }

  /** The option that this host rejected in the last {@link open}. */
  get setupFailure(): SetupFailure | undefined {
    return this.#setupFailure;
  }

  /**
   * Watches a socket until it is closed or handed over.
   *
   * @param interest - the events of epoll; those of a stream when absent
   * @returns false when the kernel rejected it; `errno` has the reason
   */
  watch(socket: Watched, interest: number = STREAM_EVENTS): boolean {
    if (this.#watched[socket.fd] === socket) return true;
    if (!this.#epoll.add(socket.fd, socket.serial, interest)) return false;
    this.#watched[socket.fd] = socket;
    this.#size++;
    return true;
  }

  /** Serves a socket of this process itself for the life of the process: no poll is needed for it, and each poll calls it before the checks' sockets. */
  serveFirst(socket: Watched): void {
    this.#first.push(socket);
  }

  /** Gives an open connection's descriptor away; it stays counted. */
  handOver(dial: PendingConnection): void {
    this.unwatch(dial);
  }

  /** Watches an open socket no longer; it stays counted. */
  unwatch(socket: Watched): void {
    if (this.#forget(socket)) this.#epoll.remove(socket.fd);
  }

  /** Calls a socket in the next round, as if it were ready to be read. */
  again(socket: Watched): void {
    this.#again.push(socket);
  }

  /** Calls every socket that is ready. @param nowMs - the time, for those that are read to their end */
  poll(nowMs: number): void {
    for (const socket of this.#first) this.#call(socket, EPOLLIN);
    this.receiver.begin();
    if (this.#again.length > 0) {
      const again = this.#again;
      this.#again = [];
      for (const socket of again) this.#call(socket, EPOLLIN);
    }
    if (this.#size > 0) this.#epoll.poll();
    if (this.lingering.size > 0) this.lingering.expire(nowMs);
  }

  /** Ends an open connection from our side. */
  end(dial: PendingConnection, how: Ending): void {
    if (how === "reset") {
      if (this.reuse.reset(dial)) return;
      libc.setsockopt(dial.fd, SOL_SOCKET, SO_LINGER, this.#noLinger, 8);
      this.close(dial);
      return;
    }
    if (how === "graceful") libc.shutdown(dial.fd, SHUT_WR);
    if (this.watch(dial)) Discard.begin(this, dial, performance.now());
    else this.close(dial);
  }

  /** Closes a connection whose peer has closed it, and whose bytes are read; its socket may serve the next check. */
  finish(dial: PendingConnection): void {
    if (!this.reuse.finish(dial)) this.close(dial);
  }

  /** Closes a connection. Unread bytes make the kernel send a reset, otherwise it sends FIN, if it has not yet. */
  close(dial: PendingConnection): void {
    dial.reader = undefined;
    this.release(dial);
  }

  /** Closes the descriptor of a socket, and counts it no longer. */
  release(socket: Watched): void {
    this.#forget(socket);
    libc.close(socket.fd);
    this.descriptors.release();
  }

  /** Closes a descriptor that is not watched, and counts it no longer. */
  closeDescriptor(fd: number): void {
    libc.close(fd);
    this.descriptors.release();
  }

  #acquire(): boolean {
    return this.descriptors.acquire() || (this.reclaim() && this.descriptors.acquire());
  }

  #forget(socket: Watched): boolean {
    if (this.#watched[socket.fd] !== socket) return false;
    this.#watched[socket.fd] = undefined;
    this.#size--;
    return true;
  }

  /** An owner that throws must not keep the others from being served. */
  #call(socket: Watched, events: number): void {
    try {
      socket.ready(events);
    } catch (error) {
      this.#onError(error);
    }
  }
}
