/**
 * A conversation with TLS over an open connection: the runtime's event loop takes the descriptor over. Used by the checkers' exchange. One
 * set of handlers serves every stream, so a check allocates one object.
 */
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import { CaBundleError } from "./ca-bundle.ts";
import type { PendingConnection } from "./connection.ts";
import type { Dialer } from "./dialer.ts";
import { errnoOf } from "./errno.ts";
import { libc, MSG_DONTWAIT, MSG_PEEK, SHUT_RDWR, SO_LINGER, SOL_SOCKET } from "./libc.ts";
import { Lingerer, MAX_LINGER_BYTES } from "./lingering.ts";
import type { TlsEnding, TlsStreamOwner } from "./stream-owner.ts";
import { TcpInfo } from "./tcp-info.ts";
import type { TlsOptions } from "./tls.ts";

type RuntimeSocket = Bun.Socket<TlsStream>;

/** A conversation with TLS. */
export class TlsStream extends Lingerer {
  readonly #dialer: Dialer;
  readonly #tls: TlsOptions;
  readonly #fd: number;
  #handshaking = false;
  #owner: TlsStreamOwner | undefined;
  #socket: RuntimeSocket | undefined;
  #unsent: Uint8Array | undefined;
  #ending: TlsEnding | undefined;
  #drainedBytes = 0;

  /**
   * Starts the handshake.
   *
   * @param dialer - counts the descriptor, and bounds the connection after the check
   * @param dial - an open connection; the stream owns it from here on
   * @param tls - the trusted certificates, and the name to send
   * @param owner - receives all events; before the constructor returns, none but a fault of the runtime
   */
  constructor(dialer: Dialer, dial: PendingConnection, tls: TlsOptions, owner: TlsStreamOwner) {
    super();
    this.#dialer = dialer;
    this.#tls = tls;
    this.#fd = dial.fd;
    this.#owner = owner;
    dialer.handOver(dial);
    // The types know neither `fd` together with `data` nor a native `secureContext`.
    const options = { fd: dial.fd, data: this, socket: HANDLERS, tls: tls.runtime };
    Bun.connect(options as unknown as Bun.TCPSocketConnectOptions<TlsStream>).catch(() => {
      // The handlers have reported it.
    });
  }

  /** True when the peer has sent data that are not read yet: then the peer is not late. */
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

  /** Ends it from our side; the owner receives nothing more. */
  end(how: TlsEnding): void {
    this.#owner = undefined;
    this.#ending = how;
    this.#end();
  }

  /** Closes it while it is being read to its end, or while the peer's close_notify is awaited. */
  cutOff(): void {
    if (this.#ending === "drain") this.#socket?.terminate();
    // The runtime has let go of a socket that it ended, and would wait for the peer without a bound.
    else if (this.#socket !== undefined) libc.shutdown(this.#fd, SHUT_RDWR);
  }

  /** @internal */ handleOpen(socket: RuntimeSocket): void {
    this.#socket = socket;
    this.#handshaking = true;
    this.#tls.handshakes.begin(this.#fd);
    if (this.#ending !== undefined) this.#end();
  }

  /** @internal */ handleHandshake(socket: RuntimeSocket, error: Error | undefined): void {
    this.#endHandshake(this.#fd);
    const failure = this.#handshakeError(socket, error);
    if (failure === undefined) {
      this.#owner?.opened(this.#arrivalMs());
      return;
    }
    const owner = this.#owner;
    this.end("reset");
    if (this.#tls.unread !== undefined && UNKNOWN_ISSUER.has(codeOf(failure))) {
      owner?.crashed(new CaBundleError(`${failure.message}, but ${this.#tls.unread}`));
    } else owner?.tlsFailed(failure);
  }

  /** @internal */ handleData(bytes: Uint8Array): void {
    if (this.#owner !== undefined) this.#owner.received(bytes, this.#arrivalMs());
    else this.#drain(bytes.length);
  }

  /** @internal */ handleDrain(): void {
    const unsent = this.#unsent;
    this.#unsent = undefined;
    if (unsent !== undefined) this.write(unsent);
  }

  /** @internal */ handleEnd(): void {
    const owner = this.#owner;
    this.end("graceful");
    owner?.closed(0);
  }

  /** @internal */ handleClose(error: Error | undefined): void {
    this.#socket = undefined;
    this.#endHandshake(undefined);
    this.#dialer.released();
    this.#dialer.settled(this);
    const owner = this.#owner;
    this.#owner = undefined;
    if (error === undefined) owner?.closed(0);
    else owner?.closed(errnoOf(error) || undefined, error.message);
  }

  /**
   * Handles an exception of a handler, or TLS that breaks after the handshake. In TLS 1.3 a server that rejects our
   * certificate, or requires one, reports it only then (RFC 8446 4.4.2.4). @internal
   */
  handleError(error: Error): void {
    const owner = this.#owner;
    this.end("reset");
    if (isTlsError(error)) owner?.tlsFailed(error);
    else owner?.crashed(error);
  }

  /** Handles a descriptor that the runtime did not accept, which is not the peer's fault. @internal */
  handleRefused(error: Error): void {
    const owner = this.#owner;
    this.#owner = undefined;
    this.#dialer.released();
    owner?.crashed(error);
  }

  /** Returns the error of the connection: a broken handshake, or, where it matters, an invalid certificate. */
  #handshakeError(socket: RuntimeSocket, error: Error | undefined): Error | undefined {
    const code = codeOf(error);
    if (error !== undefined && (isTlsError(error) || code === "ECONNRESET")) return error;
    if (!this.#tls.verify) return undefined;
    if (this.#tls.address === undefined) return error;
    // The healthcheck names no host: a valid certificate with another name is checked against the address.
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
    this.#tls.handshakes.end(fd);
  }

  /** Returns the arrival of the newest data. The runtime reads them itself, so the kernel only reports how long ago that was, in coarse ticks. */
  #arrivalMs(): number {
    const nowMs = performance.now();
    if (!INFO.read(this.#fd)) return nowMs;
    const { sinceDataMs } = INFO;
    return sinceDataMs > MAX_TICK_MS ? nowMs - sinceDataMs : nowMs;
  }

  #drain(bytes: number): void {
    this.#drainedBytes += bytes;
    if (this.#drainedBytes > MAX_LINGER_BYTES) this.cutOff();
  }

  #end(): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    if (this.#ending === "reset") {
      socket.terminate();
      return;
    }
    this.#dialer.linger(this);
    if (this.#ending === "drain") return;
    if (this.#ending === "notify") libc.setsockopt(this.#fd, SOL_SOCKET, SO_LINGER, NO_LINGER, 8);
    // Sends close_notify, and closes when the peer has sent its own.
    socket.end();
  }
}

/** The runtime gives all errors of its TLS library this code; the kernel's EPROTO does not come from a TCP socket. */
function isTlsError(error: Error): boolean {
  return codeOf(error) === "EPROTO";
}

function codeOf(error: Error | undefined): unknown {
  return error !== undefined && "code" in error ? error.code : undefined;
}

/** Codes of a certificate that no trusted CA has signed. */
const UNKNOWN_ISSUER: ReadonlySet<unknown> = new Set([
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
]);

/** A tick of the kernel's timer at its slowest usual rate but one, 250 Hz; less than this may be nothing but the end of a tick. */
const MAX_TICK_MS = 4;
const INFO = new TcpInfo();
const PEEKED = new Uint8Array(1);
const NO_LINGER = new Int32Array([1, 0]);

const HANDLERS: Bun.SocketHandler<TlsStream> = {
  open: (socket) => socket.data.handleOpen(socket),
  handshake: (socket, _success, error) => socket.data.handleHandshake(socket, error ?? undefined),
  data: (socket, bytes) => socket.data.handleData(bytes),
  drain: (socket) => socket.data.handleDrain(),
  end: (socket) => socket.data.handleEnd(),
  close: (socket, error) => socket.data.handleClose(error),
  error: (socket, error) => socket.data.handleError(error),
  connectError: (socket, error) => socket.data.handleRefused(error),
};
