/**
 * The dialer of every checker: opens TCP connections with the C library and learns their fate from one epoll instance
 * that the scheduler asks on each tick. The runtime's own `connect` is not used for this, because it blurs error codes and
 * keeps the descriptor of a dead host for minutes; here the errno is exact and giving up is a `close`.
 *
 * Guarantees: an owner hears exactly once, `connected` or `failed`, and only from within {@link Dialer.poll}, unless it cancels,
 * in which case it hears nothing. Every descriptor is counted from `socket` to `close`.
 */

import { Epoll } from "./epoll.ts";
import { ECONNREFUSED, EINPROGRESS, EMFILE } from "./errno.ts";
import {
  errno,
  IPPROTO_TCP,
  libc,
  SO_ERROR,
  SO_LINGER,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
  TCP_ESTABLISHED,
  TCP_INFO,
  TCP_INFO_BYTES,
  TCP_INFO_RTT_US_OFFSET,
  TCP_INFO_TOTAL_RETRANS_OFFSET,
} from "./libc.ts";
import type { Descriptors } from "./limits.ts";
import type { SockAddr } from "./sockaddr.ts";

/** Who wants a connection. */
export interface DialOwner {
  /**
   * The connection is open; the descriptor is the owner's to close or hand over.
   *
   * @param rttMs - the handshake as the kernel measured it, or undefined when it had to repeat itself
   */
  connected(dial: Dial, rttMs: number | undefined): void;
  /** @param number - the errno; the descriptor is closed already */
  failed(number: number): void;
}

/** One connection on its way. */
export class Dial {
  /** @internal Until its owner was told or gave it up. */ waiting = true;

  constructor(
    readonly fd: number,
    readonly owner: DialOwner,
    /** @internal Tells it from an earlier connection with the same descriptor. */
    readonly serial: number,
    /** @internal Where it goes. */ readonly address: SockAddr,
  ) {}
}

/** A connection whose fate is known and not told yet; 0 is an open one. */
interface Decided {
  readonly dial: Dial;
  readonly number: number;
  readonly rttMs: number | undefined;
}

/** What checkers see of it; tests put their own behind it. */
export interface Dialer {
  /** Connections that are on their way. */
  readonly pending: number;
  /** Begins to connect. The outcome comes with a later {@link poll}, however soon it is known. */
  dial(address: SockAddr, owner: DialOwner): Dial;
  /** Tells the owners of everything that was decided since the last call. */
  poll(): void;
  /** Gives up a connection that is on its way. */
  cancel(dial: Dial): void;
  /** Closes an open connection: by RST, which leaves nothing behind, or by FIN. */
  close(dial: Dial, how: "reset" | "graceful"): void;
  /** Gives up the count of a descriptor that somebody else has closed. */
  released(): void;
}

/** The dialer of the running process. */
export class LibcDialer implements Dialer {
  readonly #descriptors: Descriptors;
  readonly #onFault: (error: unknown) => void;
  readonly #epoll: Epoll;
  readonly #dials: (Dial | undefined)[] = [];
  #decided: Decided[] = [];
  #pending = 0;
  #serial = 0;

  // Reused for every call: the hot path allocates none.
  readonly #info = new Uint8Array(TCP_INFO_BYTES);
  readonly #infoView = new DataView(this.#info.buffer);
  readonly #length = new Uint32Array(1);
  readonly #number = new Int32Array(1);
  readonly #name = new Uint8Array(28);
  readonly #noLinger = new Int32Array([1, 0]);

  /**
   * @param onFault - hears of an owner that threw; the others are told all the same
   * @throws Error when the kernel gives no epoll instance
   */
  constructor(descriptors: Descriptors, onFault: (error: unknown) => void) {
    this.#descriptors = descriptors;
    this.#onFault = onFault;
    this.#epoll = new Epoll((fd, serial, failed) => this.#settle(fd, serial, failed));
  }

  get pending(): number {
    return this.#pending;
  }

  dial(address: SockAddr, owner: DialOwner): Dial {
    this.#serial = (this.#serial + 1) >>> 0;
    if (!this.#descriptors.take()) return this.#decide(new Dial(-1, owner, this.#serial, address), EMFILE);
    const fd = libc.socket(address.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
      const number = errno();
      this.#descriptors.give();
      return this.#decide(new Dial(-1, owner, this.#serial, address), number);
    }
    const dial = new Dial(fd, owner, this.#serial, address);
    if (libc.connect(fd, address.bytes, address.bytes.length) !== 0) {
      const number = errno();
      if (number !== EINPROGRESS) return this.#decide(dial, number);
    }
    // A backend on this host has answered by now; then there is nothing to watch for.
    if (address.local === true && this.#readInfo(fd) && this.#info[0] === TCP_ESTABLISHED) {
      return this.#decide(dial, 0, this.#rttMs());
    }
    if (!this.#epoll.watch(fd, dial.serial)) return this.#decide(dial, errno());
    this.#dials[fd] = dial;
    this.#pending++;
    return dial;
  }

  poll(): void {
    this.#tellDecided();
    if (this.#pending > 0) this.#epoll.poll();
  }

  cancel(dial: Dial): void {
    if (!dial.waiting) return;
    this.#forget(dial);
    if (dial.fd >= 0) this.#close(dial.fd);
  }

  close(dial: Dial, how: "reset" | "graceful"): void {
    if (how === "reset") libc.setsockopt(dial.fd, SOL_SOCKET, SO_LINGER, this.#noLinger, 8);
    this.#close(dial.fd);
  }

  released(): void {
    this.#descriptors.give();
  }

  /** What is known at once is told with the next poll, like anything else. */
  #decide(dial: Dial, number: number, rttMs?: number): Dial {
    this.#decided.push({ dial, number, rttMs });
    this.#pending++;
    return dial;
  }

  #tellDecided(): void {
    if (this.#decided.length === 0) return;
    const decided = this.#decided;
    this.#decided = [];
    for (const { dial, number, rttMs } of decided) {
      if (dial.waiting) this.#conclude(dial, number, rttMs);
    }
  }

  #settle(fd: number, serial: number, failed: boolean): void {
    const dial = this.#dials[fd];
    // An event may speak of a connection that a callback of this very round has given up.
    if (dial?.serial !== serial) return;
    const number = failed ? this.#socketError(fd) : 0;
    const known = number === 0 && this.#readInfo(fd);
    this.#conclude(dial, number, known ? this.#rttMs() : undefined);
  }

  #conclude(dial: Dial, number: number, rttMs: number | undefined): void {
    const outcome =
      number === 0 && dial.address.local === true && this.#metItself(dial) ? ECONNREFUSED : number;
    this.#forget(dial);
    if (outcome !== 0 && dial.fd >= 0) this.#close(dial.fd);
    try {
      if (outcome === 0) dial.owner.connected(dial, rttMs);
      else dial.owner.failed(outcome);
    } catch (error) {
      this.#onFault(error);
    }
  }

  #socketError(fd: number): number {
    this.#length[0] = 4;
    return libc.getsockopt(fd, SOL_SOCKET, SO_ERROR, this.#number, this.#length) === 0
      ? (this.#number[0] ?? 0)
      : errno();
  }

  /** Whether the connection's own port is the one that it goes to. */
  #metItself({ fd, address }: Dial): boolean {
    this.#length[0] = this.#name.length;
    if (libc.getsockname(fd, this.#name, this.#length) !== 0) return false;
    return this.#name[2] === address.bytes[2] && this.#name[3] === address.bytes[3];
  }

  /** Asks for TCP_INFO; it stands in `#info` until the next call. */
  #readInfo(fd: number): boolean {
    this.#length[0] = TCP_INFO_BYTES;
    return libc.getsockopt(fd, IPPROTO_TCP, TCP_INFO, this.#info, this.#length) === 0;
  }

  /** The handshake as the kernel measured it; undefined when it had to repeat itself. */
  #rttMs(): number | undefined {
    const repeated = this.#infoView.getUint32(TCP_INFO_TOTAL_RETRANS_OFFSET, true) > 0;
    return repeated ? undefined : this.#infoView.getUint32(TCP_INFO_RTT_US_OFFSET, true) / 1_000;
  }

  #forget(dial: Dial): void {
    dial.waiting = false;
    if (this.#dials[dial.fd] === dial) this.#dials[dial.fd] = undefined;
    this.#pending--;
  }

  #close(fd: number): void {
    libc.close(fd);
    this.#descriptors.give();
  }
}
