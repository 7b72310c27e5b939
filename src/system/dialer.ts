/**
 * The dialer of every checker: opens TCP connections and UDP sockets through the C library, and carries plain-text conversations over
 * them. The scheduler polls it on each tick. The runtime's own `connect` is not used for this, because it blurs error codes and keeps the
 * descriptor of a dead host for minutes; here the errno is exact and canceling is a `close`.
 *
 * Guarantees: an owner receives exactly one of `connected` and `failed`, and only from within {@link Dialer.poll}, unless it cancels, in
 * which case it receives nothing.
 */

import { type DialOwner, PendingConnection } from "./connection.ts";
import type { Descriptors } from "./descriptors.ts";
import type { EchoHandle, EchoOwner, EchoTarget } from "./echo-request.ts";
import { EchoSockets } from "./echo-sockets.ts";
import { ECONNREFUSED, ECONNRESET, EINPROGRESS, EPIPE } from "./errno.ts";
import { icmpErrorName } from "./error-queue.ts";
import {
  EPOLLERR,
  EPOLLHUP,
  errno,
  IPPROTO_TCP,
  libc,
  SO_ERROR,
  SOCK_STREAM,
  SOL_SOCKET,
  TCP_QUICKACK,
} from "./libc.ts";
import type { Lingerer } from "./lingering.ts";
import { PlainStream } from "./plain-stream.ts";
import { type OnRouteChange, RouteEvents } from "./route-events.ts";
import { routeFailure } from "./route-failure.ts";
import { localIp } from "./route-lookup.ts";
import { SelfConnection } from "./self-connection.ts";
import type { SockAddr } from "./sockaddr.ts";
import type { SetupFailure } from "./socket-setup.ts";
import { Sockets } from "./sockets.ts";
import type { Ending, StreamOwner } from "./stream-owner.ts";
import { TcpInfo } from "./tcp-info.ts";
import { type UdpConnection, type UdpOwner, UdpSocket } from "./udp.ts";

/** A connection whose outcome is known and not reported yet; `number` 0 is an open one. */
interface Decided {
  readonly dial: PendingConnection;
  readonly number: number;
  readonly rttMs: number | undefined;
  readonly setup: SetupFailure | undefined;
}

/** The dialer as checkers see it; tests put their own behind it. */
export interface Dialer {
  /** Number of connections and UDP sockets that {@link poll} must handle. */
  readonly pending: number;
  /**
   * Starts to connect. The outcome comes with a later {@link poll}, however early it is known.
   *
   * @param handshake - `half` holds back the last ACK for the data that follows; without data the kernel sends it after some 200 ms
   */
  dial(address: SockAddr, owner: DialOwner, handshake?: "half" | "full"): PendingConnection;
  /** Opens a UDP socket that is connected to an address. A later {@link poll} reports its events, a failure to open it too. */
  openUdp(address: SockAddr, owner: UdpOwner): UdpConnection;
  /** Sends an ICMP echo request. A later {@link poll} reports its outcome, a failure to send it too. */
  sendEcho(target: EchoTarget, owner: EchoOwner): EchoHandle;
  /** Reports everything that happened since the last call. */
  poll(): void;
  /** Cancels a connection that is on its way. */
  cancel(dial: PendingConnection): void;
  /**
   * Starts a plain-text conversation on an open connection, which the stream owns from here on.
   *
   * @param reading - `exact` when the connection is handed over after a part of what it receives
   */
  converse(dial: PendingConnection, owner: StreamOwner, reading?: "all" | "exact"): PlainStream;
  /** Closes an open connection that no stream uses. */
  close(dial: PendingConnection, how: Ending): void;
  /** Gives an open connection's descriptor to the runtime, whose user calls {@link released} when it is closed. */
  handOver(dial: PendingConnection): void;
  /** Uncounts a descriptor that was handed over and is closed. */
  released(): void;
  /** Bounds a connection that was handed over and is read to its end, until {@link settled}. */
  linger(lingerer: Lingerer): void;
  /** A connection of {@link linger} has come to its end; harmless for any other. */
  settled(lingerer: Lingerer): void;
}

/** The dialer of the running process. */
export class LibcDialer implements Dialer {
  readonly #sockets: Sockets;
  readonly #echo: EchoSockets;
  readonly #onError: (error: unknown) => void;
  #decided: Decided[] = [];
  /** Decided ones that were not canceled since. */
  #decidedCount = 0;
  readonly #onEvents = (dial: PendingConnection, events: number) => this.#ready(dial, events);

  // Reused for every call: the hot path allocates none.
  readonly #info = new TcpInfo();
  readonly #self = new SelfConnection();
  readonly #length = new Uint32Array(1);
  readonly #number = new Int32Array(1);
  readonly #off = new Int32Array(1);

  /**
   * Opens the epoll instance.
   *
   * @param descriptors - counter of all descriptors
   * @param onError - receives the exception of an owner that threw; the other owners are still served
   * @throws Error when the kernel gives no epoll instance
   */
  constructor(descriptors: Descriptors, onError: (error: unknown) => void) {
    this.#onError = onError;
    this.#sockets = new Sockets(descriptors, onError);
    this.#echo = new EchoSockets(this.#sockets);
  }

  get pending(): number {
    return this.#sockets.size + this.#decidedCount;
  }

  dial(address: SockAddr, owner: DialOwner, handshake: "half" | "full" = "full"): PendingConnection {
    const kept = this.#sockets.reuse.take(address);
    const fd = kept ?? this.#sockets.open(address, SOCK_STREAM);
    const dial = new PendingConnection(fd, owner, this.#sockets.nextSerial(), address, this.#onEvents);
    dial.stamped = kept !== undefined && this.#sockets.reuse.isStamped;
    if (fd < 0) return this.#decide(dial, -fd, undefined, this.#sockets.setupFailure);
    if (handshake === "half") libc.setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, this.#off, 4);
    if (libc.connect(fd, address.bytes, address.bytes.length) !== 0) {
      const number = errno();
      if (number !== EINPROGRESS)
        return this.#decide(dial, number, undefined, connectFailure(number, address));
    }
    // A backend on this host has answered by now; then there is nothing to watch for.
    if (address.local === true && this.#info.read(fd) && this.#info.established) {
      return this.#decide(dial, 0, this.#info.rttMs);
    }
    return this.#sockets.watch(dial) ? dial : this.#decide(dial, errno());
  }

  openUdp(address: SockAddr, owner: UdpOwner): UdpConnection {
    return new UdpSocket(this.#sockets, address, owner);
  }

  /**
   * Calls back when links, addresses, routes or rules of this host have changed, before the results that came later.
   *
   * @throws Error when this host does not allow it
   */
  watchRoutes(changed: OnRouteChange): void {
    new RouteEvents(this.#sockets, changed);
  }

  sendEcho(target: EchoTarget, owner: EchoOwner): EchoHandle {
    return this.#echo.send(target, owner);
  }

  poll(): void {
    this.#reportDecided();
    this.#sockets.poll(performance.now());
  }

  cancel(dial: PendingConnection): void {
    if (!dial.waiting) return;
    dial.waiting = false;
    if (dial.decided) this.#decidedCount--;
    if (dial.fd >= 0) this.#sockets.close(dial);
  }

  converse(dial: PendingConnection, owner: StreamOwner, reading?: "all" | "exact"): PlainStream {
    return new PlainStream(this.#sockets, dial, owner, reading);
  }

  close(dial: PendingConnection, how: Ending): void {
    this.#sockets.end(dial, how);
  }

  /** Closes the kept sockets that no check needs; called now and then. @param nowMs - of a monotonic clock */
  trim(nowMs: number): void {
    for (const fd of this.#sockets.reuse.pool.trim(nowMs)) this.#sockets.closeDescriptor(fd);
    this.#echo.trim(nowMs);
  }

  handOver(dial: PendingConnection): void {
    dial.reusable = false;
    this.#sockets.handOver(dial);
  }

  released(): void {
    this.#sockets.descriptors.release();
  }

  linger(lingerer: Lingerer): void {
    this.#sockets.lingering.add(lingerer, performance.now());
  }

  settled(lingerer: Lingerer): void {
    this.#sockets.lingering.remove(lingerer);
  }

  /** Closes a socket or a connection that no check needs, to free its descriptor for a due check. @returns true when there was one */
  reclaim(): boolean {
    return this.#sockets.reclaim() || this.#echo.evict();
  }

  /** Records an immediate outcome, which the next poll reports like any other. */
  #decide(dial: PendingConnection, number: number, rttMs?: number, setup?: SetupFailure): PendingConnection {
    dial.decided = true;
    this.#decidedCount++;
    this.#decided.push({ dial, number, rttMs, setup });
    return dial;
  }

  #reportDecided(): void {
    if (this.#decided.length === 0) return;
    const decided = this.#decided;
    this.#decided = [];
    for (const { dial, number, rttMs, setup } of decided) {
      if (!dial.waiting) continue;
      this.#decidedCount--;
      try {
        this.#conclude(dial, number, rttMs, setup);
      } catch (error) {
        this.#onError(error);
      }
    }
  }

  #ready(dial: PendingConnection, events: number): void {
    if (dial.waiting) this.#settle(dial, events);
    // With the connection its first bytes may have come, or its end.
    dial.reader?.ready(events);
  }

  #settle(dial: PendingConnection, events: number): void {
    const number = (events & (EPOLLERR | EPOLLHUP)) === 0 ? 0 : this.#socketError(dial.fd);
    // A reset can only follow a handshake that succeeded: before it, a connection is refused. EPIPE is a reset after the peer's FIN.
    // Whether the reset arrives before this poll depends on our timing alone, and must not decide the result.
    dial.error = number === ECONNRESET || number === EPIPE ? number : 0;
    const outcome = number === dial.error ? 0 : number;
    const measured = outcome === 0 && this.#info.read(dial.fd);
    const setup = outcome !== 0 && (events & EPOLLHUP) === 0 ? this.#rejectedHere(dial.fd) : undefined;
    this.#conclude(dial, outcome, measured ? this.#info.rttMs : undefined, setup);
  }

  /**
   * Recognizes an ICMP error that a firewall of this host has sent while `connect` ran: only such a one leaves the socket connecting, without
   * EPOLLHUP. The error of a router, or of a neighbor that does not answer, ends the connection.
   */
  #rejectedHere(fd: number): SetupFailure | undefined {
    const error = this.#sockets.errorQueue.next(fd);
    if (error === undefined || error === "other" || error.offender !== localIp(fd)) return undefined;
    const name = icmpErrorName(error.isIpv6, error.type, error.code) ?? `type ${error.type}`;
    return { cause: "permission", message: `rejected by a firewall of this host (ICMP ${name})` };
  }

  #conclude(dial: PendingConnection, number: number, rttMs: number | undefined, setup?: SetupFailure): void {
    dial.waiting = false;
    if (number !== 0) {
      if (dial.fd >= 0) this.#sockets.close(dial);
      dial.owner.failed(number, setup);
    } else if (this.#self.is(dial.fd, dial.address.port ?? 0)) {
      // By RST, because FIN would keep the port in TIME_WAIT.
      this.#sockets.end(dial, "reset");
      dial.owner.failed(ECONNREFUSED);
    } else {
      dial.reusable = rttMs !== undefined && dial.error === 0;
      dial.owner.connected(dial, rttMs);
    }
  }

  #socketError(fd: number): number {
    this.#length[0] = 4;
    return libc.getsockopt(fd, SOL_SOCKET, SO_ERROR, this.#number, this.#length) === 0
      ? (this.#number[0] ?? 0)
      : errno();
  }
}

/** Explains an errno of `connect` itself. */
function connectFailure(number: number, address: SockAddr): SetupFailure | undefined {
  return address.setup?.connectFailure(number) ?? routeFailure(number, address);
}
