/** The parts of a healthcheck's exchanges that stay the same from one to the next. Made once for each checker. */
import type { HandshakeMode } from "../model/check-defaults.ts";
import { type Address, formatAddress, formatVia, type SocketOptions, type TlsSpec } from "../model/spec.ts";
import type { SockAddr } from "../system/sockaddr.ts";
import { targetAddress } from "../system/socket-options.ts";
import type { Ending } from "../system/stream-owner.ts";
import type { CheckerEnv } from "./checker.ts";
import type { ConversationFactory, TunnelFactory } from "./conversation.ts";

/** Everything about a healthcheck's exchanges that stays the same from one to the next. */
export class ExchangePlan {
  /** Address and path for sentences: `10.0.0.1:80`, `192.0.2.1:80 via 10.0.0.7 (mark 65537)`. */
  readonly target: string;
  readonly sockAddr: SockAddr;
  /** The result of a bare connect never differs but in its times. */
  readonly connectedMessage: string;
  /** Begins the sentence when connecting fails. */
  readonly connectSubject: string;
  readonly #via: string;
  #detail = "";
  #successMessage = "";

  /**
   * Prepares the exchanges of one healthcheck.
   *
   * @param tls - undefined for plain text
   * @param conversationFactory - undefined when an open connection is a success
   * @param close - how the connection ends after a verdict; without a verdict it is reset
   * @param handshake - `half` holds back the last ACK of the handshake: a request or a ClientHello carries it, and a bare check never sends it
   * @param socket - options of the connection's socket; undefined for none
   * @param tunnel - opens a tunnel through the proxy at `address`, for TLS with the host behind it; undefined without a proxy
   */
  constructor(
    readonly env: CheckerEnv,
    readonly address: Address,
    readonly tls: TlsSpec | undefined,
    readonly conversationFactory: ConversationFactory | undefined,
    readonly close: Ending,
    readonly handshake: HandshakeMode,
    socket: SocketOptions | undefined,
    readonly tunnel?: TunnelFactory | undefined,
  ) {
    this.#via = formatVia(socket);
    this.target = `${formatAddress(address)}${this.#via}`;
    this.sockAddr = targetAddress(address, socket);
    this.connectSubject = conversationFactory?.connectSubject ?? `TCP connect to ${this.target}`;
    this.connectedMessage =
      tls === undefined ? `TCP connect to ${this.target}: connected` : `${this.tlsSubject()}: connected`;
  }

  /** Begins every sentence once the connection is open. */
  get subject(): string {
    return this.conversationFactory?.subject ?? `TCP connect to ${this.target}`;
  }

  /** Returns the sentence of a success; successes that are alike share one string. */
  successMessage(detail: string): string {
    if (detail === this.#detail) return this.#successMessage;
    this.#detail = detail;
    this.#successMessage = `${this.subject}: ${detail}`;
    return this.#successMessage;
  }

  /** `TLS handshake with 10.0.0.1:443 (www.example.com)` */
  tlsSubject(): string {
    return `TLS handshake with ${this.#peer()}`;
  }

  /** `TLS with 10.0.0.1:443 (www.example.com)`, of what goes wrong after the handshake. */
  tlsPeer(): string {
    return `TLS with ${this.#peer()}`;
  }

  #peer(): string {
    const { address, tunnel } = this;
    const name = this.tls?.serverName;
    const isNamed = name === undefined || name === (tunnel?.host ?? address.ip);
    const peer = tunnel?.peer ?? formatAddress(address);
    return `${peer}${isNamed ? "" : ` (${name})`}${tunnel?.way ?? this.#via}`;
  }
}
