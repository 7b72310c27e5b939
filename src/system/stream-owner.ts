/** Events that an open connection reports to the check that owns it, in plain text and with TLS alike. */

/**
 * Way in which this process ends a conversation. `reset`: RST, which leaves nothing behind. `graceful`: FIN, then the
 * rest is read. `drain`: the rest is read until the peer closes. Reading is bounded (lingering.ts).
 */
export type Ending = "reset" | "graceful" | "drain";

/**
 * Way in which this process ends a conversation with TLS. `notify`: close_notify, and RST once the peer has sent its
 * own. A bare RST would reach the server before it has read the end of our handshake, which it logs as an error; with
 * `notify` neither side keeps a TIME_WAIT.
 */
export type TlsEnding = Ending | "notify";

/** The owner of a stream. It receives nothing more once it has ended the stream. */
export interface StreamOwner {
  /**
   * Called with received bytes.
   *
   * @param bytes - valid during the call only
   * @param atMs - the kernel's arrival time of their last packet, on the clock of `performance.now()`; undefined when
   *   it is not known. With TLS it is known to two ticks of the kernel's timer, 8 ms at 250 Hz
   */
  received(bytes: Uint8Array, atMs: number | undefined): void;
  /**
   * Called when the peer closed; no other event follows.
   *
   * @param number - 0 after an orderly close, else the errno; undefined when there is only a message
   * @param message - message of the runtime, for an error without an errno
   */
  closed(number: number | undefined, message?: string): void;
  /** Called on a local fault, such as an exception of the owner; the stream is closed, no other event follows. */
  crashed(error: Error): void;
}

/** The owner of a stream with TLS. */
export interface TlsStreamOwner extends StreamOwner {
  /** The handshake is done: bytes may be sent. @param atMs - arrival time of its last packet, as in {@link StreamOwner.received} */
  opened(atMs: number): void;
  /**
   * Called when the TLS of the peer is invalid: its handshake, its certificate, or a later alert; no other event
   * follows.
   */
  tlsFailed(error: Error): void;
}
