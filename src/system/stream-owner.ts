/** What an open connection reports to the check that owns it, in plain text and with TLS alike. */

/**
 * How a conversation ends from our side. `reset`: RST, which leaves nothing behind. `graceful`: FIN, then the rest is read. `drain`: the rest
 * is read until the peer closes. Reading is bounded (lingering.ts).
 */
export type Ending = "reset" | "graceful" | "drain";

/**
 * How a conversation with TLS ends. `notify`: close_notify, and RST once the peer has sent its own. A bare RST would reach the server
 * before it has read the end of our handshake, which it logs as an error; with `notify` neither side keeps a TIME_WAIT.
 */
export type TlsEnding = Ending | "notify";

/** The owner of a stream. It receives nothing more once it has ended the stream. */
export interface StreamOwner {
  /**
   * @param bytes - valid during the call only
   * @param atMs - when the last packet of them came, by the kernel, on the clock of `performance.now()`; undefined when it did not say
   */
  received(bytes: Uint8Array, atMs: number | undefined): void;
  /**
   * The other side closed; nothing follows.
   *
   * @param number - 0 after an orderly close, else the errno; undefined when there is none, only a message
   * @param message - the runtime's, of an error without an errno
   */
  closed(number: number | undefined, message?: string): void;
  /** A fault of our own, the owner threw for example; the stream is gone, nothing follows. */
  crashed(error: Error): void;
}

/** The owner of a stream with TLS. */
export interface TlsStreamOwner extends StreamOwner {
  /** The handshake is done: bytes may be sent. */
  opened(): void;
  /** The other side's TLS is at fault: its handshake, its certificate, or what it said later; nothing follows. */
  tlsFailed(error: Error): void;
}
