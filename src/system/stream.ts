/**
 * A conversation over an open connection: takes a dialled descriptor over into the runtime's event loop, with TLS or
 * without. Used by the checkers' exchange. One set of handlers serves every stream, so a check allocates one object.
 */
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import { AuthoritiesError } from "./authorities.ts";
import type { Dial, Dialer } from "./dialer.ts";
import { libc, MSG_DONTWAIT, MSG_PEEK } from "./libc.ts";
import type { TlsOptions } from "./tls.ts";

/** Who talks. It hears nothing more once {@link Stream.destroy} was called. */
export interface StreamOwner {
  /** Bytes may be sent: the TLS handshake is done, or there is none. */
  opened(): void;
  /** @param bytes - valid during the call only */
  received(bytes: Uint8Array): void;
  /** The other side closed, orderly (`error` undefined) or not; nothing follows. */
  closed(error: Error | undefined): void;
  /** The other side's TLS is at fault: its handshake, its certificate, or what it said later; nothing follows. */
  refused(error: Error): void;
  /** A fault of our own, the owner threw for example; the stream is gone, nothing follows. */
  crashed(error: Error): void;
}

type RuntimeSocket = Bun.Socket<Stream>;

/** See the head of the file. */
export class Stream {
  readonly #dialer: Dialer;
  readonly #tls: TlsOptions | undefined;
  readonly #fd: number;
  #handshaking = false;
  #owner: StreamOwner | undefined;
  #socket: RuntimeSocket | undefined;
  #unsent: Uint8Array | undefined;
  #ending: "reset" | "graceful" | undefined;

  /**
   * @param dial - an open connection; the stream owns it from here on
   * @param tls - undefined for plain text
   * @param owner - hears of everything; `opened` may come before the constructor returns
   */
  constructor(dialer: Dialer, dial: Dial, tls: TlsOptions | undefined, owner: StreamOwner) {
    this.#dialer = dialer;
    this.#tls = tls;
    this.#fd = dial.fd;
    this.#owner = owner;
    // The types know neither `fd` together with `data` nor a native `secureContext`.
    const options = {
      fd: dial.fd,
      data: this,
      socket: HANDLERS,
      ...(tls === undefined ? {} : { tls: tls.runtime }),
    };
    Bun.connect(options as unknown as Bun.TCPSocketConnectOptions<Stream>).catch(() => {
      // The handlers have heard of it.
    });
  }

  /** Whether the other side has said something that has not been read yet: then it is not the one who is late. */
  get hasUnread(): boolean {
    if (this.#socket === undefined) return false;
    return Number(libc.recv(this.#fd, PEEKED, PEEKED.length, MSG_PEEK | MSG_DONTWAIT)) > 0;
  }

  /** Sends bytes, now or as soon as the kernel takes them. */
  write(bytes: Uint8Array): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    const rest = this.#unsent === undefined ? bytes : Buffer.concat([this.#unsent, bytes]);
    const taken = Math.max(0, socket.write(rest));
    this.#unsent = taken < rest.length ? rest.subarray(taken) : undefined;
  }

  /** Ends it from our side; the owner hears nothing more. */
  destroy(how: "reset" | "graceful"): void {
    this.#owner = undefined;
    this.#ending = how;
    this.#end();
  }

  /** @internal */ handleOpen(socket: RuntimeSocket): void {
    this.#socket = socket;
    if (this.#tls !== undefined) {
      this.#handshaking = true;
      this.#tls.handshakes.begin(this.#fd);
    }
    if (this.#ending !== undefined) this.#end();
    else if (this.#tls === undefined) this.#owner?.opened();
  }

  /** @internal */ handleHandshake(socket: RuntimeSocket, error: Error | undefined): void {
    this.#endHandshake(this.#fd);
    const fault = this.#handshakeFault(socket, error);
    if (fault === undefined) {
      this.#owner?.opened();
      return;
    }
    const owner = this.#owner;
    this.destroy("reset");
    if (this.#tls?.unread !== undefined && UNKNOWN_ISSUER.has(codeOf(fault))) {
      owner?.crashed(new AuthoritiesError(`${fault.message}, but ${this.#tls.unread}`));
    } else owner?.refused(fault);
  }

  /** @internal */ handleData(bytes: Uint8Array): void {
    this.#owner?.received(bytes);
  }

  /** @internal */ handleDrain(): void {
    const unsent = this.#unsent;
    this.#unsent = undefined;
    if (unsent !== undefined) this.write(unsent);
  }

  /** @internal */ handleEnd(): void {
    const owner = this.#owner;
    this.destroy("graceful");
    owner?.closed(undefined);
  }

  /** @internal */ handleClose(error: Error | undefined): void {
    this.#socket = undefined;
    this.#endHandshake(undefined);
    this.#dialer.released();
    const owner = this.#owner;
    this.#owner = undefined;
    owner?.closed(error);
  }

  /**
   * @internal An exception thrown by one of the handlers, or TLS that is broken after the handshake. In TLS 1.3 a
   * server that refuses our certificate, or wants one, says so only then (RFC 8446 4.4.2.4).
   */
  handleError(error: Error): void {
    const owner = this.#owner;
    this.destroy("reset");
    if (this.#tls !== undefined && isTlsError(error)) owner?.refused(error);
    else owner?.crashed(error);
  }

  /** @internal The runtime would not have the descriptor, which is no fault of the other side's. */
  handleRefused(error: Error): void {
    const owner = this.#owner;
    this.#owner = undefined;
    this.#dialer.released();
    owner?.crashed(error);
  }

  /** What speaks against the connection: a broken handshake, or, where that matters, the certificate. */
  #handshakeFault(socket: RuntimeSocket, error: Error | undefined): Error | undefined {
    const code = codeOf(error);
    if (error !== undefined && (isTlsError(error) || code === "ECONNRESET")) return error;
    if (this.#tls?.verify !== true) return undefined;
    if (this.#tls.address === undefined) return error;
    // Of a certificate that is valid but not for the name, which was none, the address decides.
    if (error !== undefined && code !== "ERR_TLS_CERT_ALTNAME_INVALID") return error;
    // The types know the certificate of node:tls only under another name.
    const certificate = socket.getPeerCertificate() as PeerCertificate | undefined;
    if (certificate === undefined) return new Error("no certificate");
    return checkServerIdentity(this.#tls.address, certificate);
  }

  /** @param fd - undefined when it is closed already */
  #endHandshake(fd: number | undefined): void {
    if (!this.#handshaking) return;
    this.#handshaking = false;
    this.#tls?.handshakes.end(fd);
  }

  #end(): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    if (this.#ending === "graceful") socket.end();
    else socket.terminate();
  }
}

/** The runtime gives all errors of its TLS library this code; the kernel's EPROTO does not come from a TCP socket. */
function isTlsError(error: Error): boolean {
  return codeOf(error) === "EPROTO";
}

function codeOf(error: Error | undefined): unknown {
  return error !== undefined && "code" in error ? error.code : undefined;
}

/** That none of the authorities has signed it. */
const UNKNOWN_ISSUER: ReadonlySet<unknown> = new Set([
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
]);

const PEEKED = new Uint8Array(1);

const HANDLERS: Bun.SocketHandler<Stream> = {
  open: (socket) => socket.data.handleOpen(socket),
  handshake: (socket, _success, error) => socket.data.handleHandshake(socket, error ?? undefined),
  data: (socket, bytes) => socket.data.handleData(bytes),
  drain: (socket) => socket.data.handleDrain(),
  end: (socket) => socket.data.handleEnd(),
  close: (socket, error) => socket.data.handleClose(error),
  error: (socket, error) => socket.data.handleError(error),
  connectError: (socket, error) => socket.data.handleRefused(error),
};
