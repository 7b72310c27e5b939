/**
 * The checks' sockets: one epoll instance that watches them, one buffer that reads them, and every way to close them. The dialer opens
 * sockets and polls them here; the streams read and end them here. Every descriptor is counted from `socket` to `close`.
 */
import type { PendingConnection } from "./connection.ts";
import type { Descriptors } from "./descriptors.ts";
import { Epoll } from "./epoll.ts";
import { EAGAIN } from "./errno.ts";
import { EPOLLIN, errno, libc, MSG_DONTWAIT, MSG_TRUNC, SHUT_WR, SO_LINGER, SOL_SOCKET } from "./libc.ts";
import { Lingering, MAX_LINGER_BYTES } from "./lingering.ts";
import { Receiver } from "./receiver.ts";
import type { Ending } from "./stream-owner.ts";

/** Share of the descriptors that connections may hold whose check is over. */
const LINGERING_SHARE = 0.25;
const MIN_LINGERING = 16;
/** Bytes that one call drops at most, and calls for one connection in a round. */
const DISCARD_BYTES = 131_072;
const MAX_READS = 4;

/** The sockets of all checks. */
export class Sockets {
  readonly receiver = new Receiver();
  readonly lingering: Lingering;
  readonly descriptors: Descriptors;
  readonly #epoll: Epoll;
  readonly #onReady: (dial: PendingConnection, events: number) => void;
  /** By descriptor. */
  readonly #watched: (PendingConnection | undefined)[] = [];
  #size = 0;
  #again: PendingConnection[] = [];
  readonly #noLinger = new Int32Array([1, 0]);
  readonly #discarded = new Uint8Array(1);

  /**
   * Opens the epoll instance.
   *
   * @param descriptors - counter of all descriptors
   * @param onReady - receives the events of every connection that epoll watches
   * @throws Error when the kernel gives no epoll instance
   */
  constructor(descriptors: Descriptors, onReady: (dial: PendingConnection, events: number) => void) {
    this.descriptors = descriptors;
    this.#onReady = onReady;
    this.lingering = new Lingering(Math.max(MIN_LINGERING, Math.floor(descriptors.limit * LINGERING_SHARE)));
    this.#epoll = new Epoll((fd, serial, events) => {
      const dial = this.#watched[fd];
      // An event may be of a connection that a callback of this very round has closed.
      if (dial?.serial === serial) this.#onReady(dial, events);
    });
  }

  /** Connections that {@link poll} must handle. */
  get size(): number {
    return this.#size + this.#again.length + this.lingering.size;
  }

  /**
   * Watches a connection until it is closed or handed over. @returns false when the kernel rejected it; `errno` has the
   * reason
   */
  watch(dial: PendingConnection): boolean {
    if (this.#watched[dial.fd] === dial) return true;
    if (!this.#epoll.add(dial.fd, dial.serial)) return false;
    this.#watched[dial.fd] = dial;
    this.#size++;
    return true;
  }

  /** Gives an open connection's descriptor away; it stays counted. */
  handOver(dial: PendingConnection): void {
    if (this.#forget(dial)) this.#epoll.remove(dial.fd);
  }

  /** Calls a connection in the next round, as if it were ready to be read. */
  again(dial: PendingConnection): void {
    this.#again.push(dial);
  }

  /** Calls every connection that is ready. @param nowMs - the time, for those that are read to their end */
  poll(nowMs: number): void {
    this.receiver.begin();
    if (this.#again.length > 0) {
      const again = this.#again;
      this.#again = [];
      for (const dial of again) if (dial.onReady !== undefined) this.#onReady(dial, EPOLLIN);
    }
    if (this.#size > 0) this.#epoll.poll();
    if (this.lingering.size > 0) this.lingering.expire(nowMs);
  }

  /** Ends an open connection from our side. */
  end(dial: PendingConnection, how: Ending): void {
    if (how === "reset") {
      libc.setsockopt(dial.fd, SOL_SOCKET, SO_LINGER, this.#noLinger, 8);
      this.close(dial);
      return;
    }
    if (how === "graceful") libc.shutdown(dial.fd, SHUT_WR);
    if (this.watch(dial)) this.#discard(dial);
    else this.close(dial);
  }

  /** Closes a descriptor. Unread bytes make the kernel send a reset, otherwise it sends FIN, if it has not yet. */
  close(dial: PendingConnection): void {
    this.#forget(dial);
    dial.onReady = undefined;
    libc.close(dial.fd);
    this.descriptors.release();
  }

  /** Reads the connection to its end and drops what comes; {@link Lingering} bounds it in time, this in bytes. */
  #discard(dial: PendingConnection): void {
    let left = MAX_LINGER_BYTES;
    const finish = () => {
      if (left > 0) this.close(dial);
      else this.end(dial, "reset");
    };
    const lingerer = { cutOff: finish };
    dial.onReady = () => {
      for (let reads = 0; reads < MAX_READS; reads++) {
        const count = Number(libc.recv(dial.fd, this.#discarded, DISCARD_BYTES, MSG_DONTWAIT | MSG_TRUNC));
        if (count < 0 && errno() === EAGAIN) return;
        left -= count;
        if (count > 0 && left > 0) continue;
        this.lingering.remove(lingerer);
        finish();
        return;
      }
      this.again(dial);
    };
    this.lingering.add(lingerer, performance.now());
    // A backend that closes with its answer has done so by now.
    dial.onReady(EPOLLIN);
  }

  #forget(dial: PendingConnection): boolean {
    if (this.#watched[dial.fd] !== dial) return false;
    this.#watched[dial.fd] = undefined;
    this.#size--;
    return true;
  }
}
