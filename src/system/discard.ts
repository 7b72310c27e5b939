/** A connection whose check is over: what its backend still sends is read and dropped, until it closes or has sent too much. */
import type { ConnectionReader, PendingConnection } from "./connection.ts";
import { EAGAIN } from "./errno.ts";
import { EPOLLIN, errno, libc, MSG_DONTWAIT, MSG_TRUNC } from "./libc.ts";
import { Lingerer, type Lingering, MAX_LINGER_BYTES } from "./lingering.ts";
import type { Ending } from "./stream-owner.ts";

/** Bytes that one call drops at most, and calls for one connection in a round. */
const DISCARD_BYTES = 131_072;
const MAX_READS = 4;
/** The kernel drops the bytes; the call needs a pointer all the same. */
const DISCARDED = new Uint8Array(1);

/** The sockets that a {@link Discard} is part of. */
export interface DiscardHost {
  readonly lingering: Lingering;
  /** Calls a connection in the next round, as if it were ready to be read. */
  again(connection: PendingConnection): void;
  /** Closes a connection whose peer has closed it. */
  finish(connection: PendingConnection): void;
  /** Closes a connection. */
  close(connection: PendingConnection): void;
  /** Ends a connection from our side. */
  end(connection: PendingConnection, how: Ending): void;
}

/** Reads a connection to its end. */
export class Discard extends Lingerer implements ConnectionReader {
  readonly #sockets: DiscardHost;
  readonly #connection: PendingConnection;
  #leftBytes = MAX_LINGER_BYTES;

  private constructor(sockets: DiscardHost, connection: PendingConnection) {
    super();
    this.#sockets = sockets;
    this.#connection = connection;
  }

  /** Starts with a connection that epoll watches, and owns it from here on. @param nowMs - on the clock of `performance.now()` */
  static begin(sockets: DiscardHost, connection: PendingConnection, nowMs: number): void {
    const discard = new Discard(sockets, connection);
    connection.reader = discard;
    // A backend that closes with its answer has done so by now.
    discard.ready(EPOLLIN);
    if (connection.reader === discard) sockets.lingering.add(discard, nowMs);
  }

  ready(_events: number): void {
    for (let reads = 0; reads < MAX_READS; reads++) {
      const { fd } = this.#connection;
      const count = Number(libc.recv(fd, DISCARDED, DISCARD_BYTES, MSG_DONTWAIT | MSG_TRUNC));
      if (count < 0 && errno() === EAGAIN) return;
      this.#leftBytes -= count;
      if (count > 0 && this.#leftBytes > 0) continue;
      this.#sockets.lingering.remove(this);
      if (count === 0) this.#sockets.finish(this.#connection);
      else this.cutOff();
      return;
    }
    this.#sockets.again(this.#connection);
  }

  cutOff(): void {
    if (this.#leftBytes > 0) this.#sockets.close(this.#connection);
    else this.#sockets.end(this.#connection, "reset");
  }
}
