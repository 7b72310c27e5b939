/**
 * A plain-text conversation over an open connection, through the C library: sends, reads with the kernel's receive timestamps, and ends
 * as the check wants it. Owned by the checkers' exchange.
 */
import type { ConnectionReader, PendingConnection } from "./connection.ts";
import { EAGAIN, EPIPE } from "./errno.ts";
import {
  EPOLLERR,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  EPOLLPRI,
  EPOLLRDHUP,
  errno,
  libc,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  MSG_PEEK,
} from "./libc.ts";
import { RECEIVE_BYTES } from "./receiver.ts";
import type { Sockets } from "./sockets.ts";
import type { Ending, StreamOwner } from "./stream-owner.ts";

/** Reads of one connection in one round; then the others have their turn. */
const MAX_READS = 8;
const ENDED = EPOLLRDHUP | EPOLLHUP | EPOLLERR;

/** A conversation in plain text. */
export class PlainStream implements ConnectionReader {
  readonly #sockets: Sockets;
  readonly #dial: PendingConnection;
  readonly #owner: StreamOwner;
  readonly #flags: number;
  #unsent: Uint8Array | undefined;
  /** The error that the kernel reports only once, kept until everything that came before it is read. */
  #error: number;
  #ended = false;
  #over = false;
  /** Every event of {@link ENDED} so far: epoll reports each one once, and reading may take more than a round. */
  #endings = 0;
  /** True once urgent data came: a read stops before them, so one that leaves room is not the last. */
  #urgent = false;

  /**
   * Takes over an open connection.
   *
   * @param sockets - watches, reads and closes the connection
   * @param dial - open; the stream owns it from here on
   * @param owner - receives all events, from within the dialer's poll only
   * @param reading - `exact` when the owner takes with {@link take} what it has read: the bytes that it leaves are those of the next owner
   */
  constructor(
    sockets: Sockets,
    dial: PendingConnection,
    owner: StreamOwner,
    reading: "all" | "exact" = "all",
  ) {
    this.#sockets = sockets;
    this.#dial = dial;
    this.#error = dial.error;
    this.#owner = owner;
    this.#flags = reading === "exact" ? MSG_PEEK : 0;
    dial.reader = this;
    if (!dial.stamped) sockets.receiver.stamp(dial.fd);
    dial.stamped = true;
    if (sockets.watch(dial)) return;
    // The kernel has no memory for it: reported with the next round, as any other error.
    this.#error = errno();
    sockets.again(dial);
  }

  /** Sends bytes, now or as soon as the kernel takes them. A failure is reported after the answers that came before it. */
  write(bytes: Uint8Array): void {
    if (this.#over) return;
    if (this.#unsent !== undefined) {
      this.#unsent = Buffer.concat([this.#unsent, bytes]);
      return;
    }
    const taken = Number(libc.send(this.#dial.fd, bytes, bytes.length, MSG_NOSIGNAL));
    if (taken === bytes.length) return;
    if (taken >= 0) {
      this.#unsent = bytes.subarray(taken);
      return;
    }
    const number = errno();
    if (number === EAGAIN) {
      this.#unsent = bytes;
      return;
    }
    // EPIPE comes after a reset, which was reported, or after the peer's orderly end, which reading finds.
    if (number !== EPIPE && this.#error === 0) this.#error = number;
    this.#sockets.again(this.#dial);
  }

  /** Takes the first bytes of the current `received`, in a stream that is read exactly. An owner that continues to read takes all of them. */
  take(bytes: number): void {
    // The same bytes once more, so those that the owner reads stay as they are.
    libc.recv(this.#dial.fd, this.#sockets.receiver.bytes, bytes, MSG_DONTWAIT);
  }

  /** Gives the open connection back to the owner, which hands it over; the stream reports nothing more. */
  detach(): void {
    this.#over = true;
    this.#dial.reader = undefined;
  }

  /** @internal Receives epoll's events. */
  ready(events: number): void {
    try {
      if ((events & EPOLLOUT) !== 0) this.#flush();
      this.#endings |= events & ENDED;
      if ((events & EPOLLPRI) !== 0) this.#urgent = true;
      if ((events & (EPOLLIN | EPOLLPRI | ENDED)) !== 0) this.#read();
    } catch (error) {
      if (this.#over) throw error;
      this.end("reset");
      this.#owner.crashed(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Ends it from our side; the owner receives nothing more. Harmless when it is over. */
  end(how: Ending): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#error !== 0) this.#dial.reusable = false;
    // The peer has ended it already, and everything is read: closing sends no reset and leaves no TIME_WAIT here.
    if (this.#ended) this.#sockets.finish(this.#dial);
    else this.#sockets.end(this.#dial, how);
  }

  #flush(): void {
    const unsent = this.#unsent;
    this.#unsent = undefined;
    if (unsent !== undefined) this.write(unsent);
  }

  /** Reads the available bytes, and the end of the stream if it is there. */
  #read(): void {
    const { receiver } = this.#sockets;
    const toTheEnd = this.#endings !== 0 || this.#error !== 0 || this.#urgent;
    // The peer's FIN has come, and nothing went wrong.
    const finished = this.#endings === EPOLLRDHUP && this.#error === 0 && !this.#urgent;
    for (let reads = 0; reads < MAX_READS; reads++) {
      const count = receiver.read(this.#dial.fd, this.#flags);
      if (count <= 0) {
        this.#finish(count === 0 ? 0 : errno());
        return;
      }
      const drained = count < RECEIVE_BYTES;
      // After FIN nothing follows: a read that leaves room was the last one, and the end needs no read of its own.
      this.#ended = finished && drained;
      this.#owner.received(receiver.bytes.subarray(0, count), receiver.stampMs);
      if (this.#over) return;
      if (this.#ended) {
        this.#finish(0);
        return;
      }
      // Less than there was room for: the next bytes are a change that epoll reports.
      if (drained && !toTheEnd) return;
    }
    this.#sockets.again(this.#dial);
  }

  /** @param number - 0 at the end of the stream */
  #finish(number: number): void {
    if (number === EAGAIN && this.#error === 0) return;
    const error = this.#error !== 0 ? this.#error : number;
    this.#error = error;
    this.#ended = true;
    this.end("reset");
    this.#owner.closed(error === EPIPE ? 0 : error);
  }
}
