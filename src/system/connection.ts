/** One connection of a check from `socket` to `close`, as the dialer and the streams share it. */
import type { SockAddr } from "./sockaddr.ts";
import type { SetupFailure } from "./socket-setup.ts";
import type { Watched } from "./watched.ts";

/** The owner of a connection on its way. */
export interface DialOwner {
  /**
   * The connection is open; the descriptor is the owner's to close or hand over.
   *
   * @param dial - the connection
   * @param rttMs - the handshake as the kernel measured it, or undefined when it had to repeat itself
   */
  connected(dial: PendingConnection, rttMs: number | undefined): void;
  /**
   * The connection failed; the descriptor is closed already.
   *
   * @param number - the errno
   * @param setup - the socket option that this host rejected, if that is the reason
   */
  failed(number: number, setup?: SetupFailure): void;
}

/** Receiver of the events of an open connection. */
export interface ConnectionReader {
  /** Receives epoll's events. */
  ready(events: number): void;
}

/** A connection: on its way first, then open, then perhaps read to its end. */
export class PendingConnection implements Watched {
  /** Start time on the clock of `performance.now()`; milliseconds. */
  readonly startMs = performance.now();
  /** @internal Whether its owner still waits for the outcome. */ waiting = true;
  /** @internal Whether the outcome is known and not reported yet. */ decided = false;
  /** @internal The error that the socket has reported, which it reports only once; 0 for none. */ error = 0;
  /**
   * @internal Whether its socket may serve another connection: the runtime has not used it, nothing went wrong. After a SYN that was
   * sent again it may not: Linux before 5.6 counts that in the next connection, too, and does not measure its round trip.
   */
  reusable = false;
  /** @internal Whether its socket has receive timestamps. */ stamped = false;
  /** @internal Receives epoll's events once the connection is open and a stream reads from it. */ reader:
    | ConnectionReader
    | undefined;

  constructor(
    readonly fd: number,
    readonly owner: DialOwner,
    /** @internal Distinguishes it from an earlier connection of the same descriptor. */
    readonly serial: number,
    /** @internal Where it goes. */ readonly address: SockAddr,
    /** @internal Called with every epoll event. */
    readonly onEvents: (dial: PendingConnection, events: number) => void = () => {},
  ) {}

  /** @internal Passes an epoll event to the dialer. */
  ready(events: number): void {
    this.onEvents(this, events);
  }
}
