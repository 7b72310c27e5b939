/** A socket that the checks' epoll instance watches: a connection of a stream, or a UDP socket. */

/** A socket as {@link Sockets} watches and closes it. */
export interface Watched {
  /** The descriptor; negative when the socket could not be opened. */
  readonly fd: number;
  /** Distinguishes the socket from an earlier one of the same descriptor; from {@link Sockets.nextSerial}. */
  readonly serial: number;
  /**
   * Receives a change of readiness, and calls that were asked for with {@link Sockets.again}. Harmless once the socket is closed.
   *
   * @param events - of epoll: EPOLLIN, EPOLLPRI, EPOLLOUT, EPOLLRDHUP, EPOLLHUP and EPOLLERR, as bits
   */
  ready(events: number): void;
}
