/**
 * A connected UDP socket of a check, through the C library: the kernel chooses a fresh port for each, drops the datagrams of every other
 * sender, and reports the ICMP errors that its datagrams meet. Opened by the dialer.
 */
import { EAGAIN, ECONNREFUSED, EMSGSIZE, EPERM } from "./errno.ts";
import {
  AF_INET,
  EPOLLERR,
  EPOLLIN,
  errno,
  IP_RECVERR,
  IPV6_RECVERR,
  libc,
  MSG_NOSIGNAL,
  SOCK_DGRAM,
  SOL_IP,
  SOL_IPV6,
} from "./libc.ts";
import { routeFailure } from "./route-failure.ts";
import type { SockAddr } from "./sockaddr.ts";
import type { SetupFailure } from "./socket-setup.ts";
import type { Sockets } from "./sockets.ts";
import type { Watched } from "./watched.ts";

/** Datagrams of one socket that one round reads; then the others have their turn. */
const MAX_READS = 16;
/** Reason for EPERM of `send`: an output rule of netfilter or BPF. */
const FIREWALL = "blocked by a firewall of this host";
const ON = new Int32Array([1]);

/** The owner of a UDP socket. It is called from within the dialer's poll only, and not after {@link UdpSocket.close}. */
export interface UdpOwner {
  /**
   * @param bytes - one datagram, maybe empty; valid during the call only
   * @param atMs - when it came, by the kernel, on the clock of `performance.now()`; undefined when the kernel has no timestamp
   */
  received(bytes: Uint8Array, atMs: number | undefined): void;
  /**
   * The socket failed and is closed. Datagrams that arrived before the error were delivered.
   *
   * @param number - the errno
   * @param detail - the ICMP message, `ICMP host unreachable from 10.0.0.1`, or the reason on this host; may be empty
   * @param setup - the socket option that this host rejected, if that is the reason
   */
  failed(number: number, detail: string, setup?: SetupFailure): void;
  /** The owner threw an exception; the socket is closed. */
  crashed(error: Error): void;
}

/** A UDP socket as checks see it; tests put their own behind it. */
export interface UdpConnection {
  /** Sends one datagram. A failure is reported by the dialer's next poll. */
  send(bytes: Uint8Array): void;
  /** Closes it; harmless when it is closed. */
  close(): void;
}

/** A UDP socket that talks to one address. */
export class UdpSocket implements UdpConnection, Watched {
  readonly fd: number;
  readonly serial: number;
  readonly #sockets: Sockets;
  readonly #address: SockAddr;
  readonly #owner: UdpOwner;
  /** The first error, kept until all datagrams before it are read. */
  #error = 0;
  #sendFailed = false;
  readonly #setup: SetupFailure | undefined;
  readonly #endKey: number = -1;
  #closed = false;

  /**
   * @param sockets - where it is watched, read and closed
   * @param address - the only one it talks to
   */
  constructor(sockets: Sockets, address: SockAddr, owner: UdpOwner) {
    this.#sockets = sockets;
    this.#address = address;
    this.#owner = owner;
    this.serial = sockets.nextSerial();
    this.fd = sockets.open(address, SOCK_DGRAM);
    if (this.fd < 0) {
      this.#setup = sockets.setupFailure;
      this.#fail(-this.fd);
    } else if (!this.#connect()) {
      const number = errno();
      this.#setup = address.setup?.connectFailure(number) ?? routeFailure(number, address);
      this.#fail(number);
    } else {
      this.#endKey = sockets.udpEnds.add(this.fd);
      // The port was free, so no process listens there.
      if (sockets.udpEnds.meets(this.fd, address.port ?? 0)) this.#fail(ECONNREFUSED);
    }
  }

  send(bytes: Uint8Array): void {
    if (this.#closed || this.#error !== 0) return;
    if (libc.send(this.fd, bytes, bytes.length, MSG_NOSIGNAL) >= 0) return;
    this.#sendFailed = true;
    this.#fail(errno());
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.fd < 0) return;
    this.#sockets.udpEnds.remove(this.#endKey, this.fd);
    this.#sockets.release(this);
  }

  ready(events: number): void {
    if (this.#closed || (events & (EPOLLIN | EPOLLERR)) === 0) return;
    try {
      this.#read();
    } catch (error) {
      if (this.#closed) throw error;
      this.close();
      this.#owner.crashed(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #connect(): boolean {
    const { family, bytes } = this.#address;
    this.#sockets.receiver.stamp(this.fd);
    // Without it the kernel keeps most ICMP errors to itself.
    if (family === AF_INET) libc.setsockopt(this.fd, SOL_IP, IP_RECVERR, ON, 4);
    else libc.setsockopt(this.fd, SOL_IPV6, IPV6_RECVERR, ON, 4);
    return libc.connect(this.fd, bytes, bytes.length) === 0 && this.#sockets.watch(this, EPOLLIN);
  }

  #fail(number: number): void {
    if (this.#error !== 0) return;
    this.#error = number;
    this.#sockets.again(this);
  }

  #read(): void {
    const { receiver } = this.#sockets;
    for (let reads = 0; reads < MAX_READS; reads++) {
      const count = this.fd < 0 ? -1 : receiver.read(this.fd);
      if (count >= 0) {
        this.#owner.received(receiver.bytes.subarray(0, count), receiver.stampMs);
        if (this.#closed) return;
        continue;
      }
      const number = this.fd < 0 ? EAGAIN : errno();
      if (number === EAGAIN) {
        if (this.#error !== 0) this.#finish();
        return;
      }
      // The kernel reports an error before the datagrams that came earlier. A router that wants smaller packets gets them from now on.
      if (this.#error === 0 && number !== EMSGSIZE) this.#error = number;
    }
    this.#sockets.again(this);
  }

  #finish(): void {
    const detail = this.fd < 0 ? "" : this.#sockets.errorQueue.read(this.fd, this.#address);
    // With an ICMP message behind it, the error came from the network, and `send` has only reported it.
    const isOfSend = detail === "" && this.#sendFailed;
    const setup = this.#setup ?? (isOfSend ? routeFailure(this.#error, this.#address) : undefined);
    this.close();
    this.#owner.failed(this.#error, isOfSend && this.#error === EPERM ? FIREWALL : detail, setup);
  }
}
