/** One ICMP echo request, from its send to its answer. Made by the echo sockets, kept by the icmp checker. */

import type { SocketOptions } from "../model/spec.ts";
import type { EchoKey } from "./echo-message.ts";
import type { SockAddr } from "./sockaddr.ts";
import type { SetupFailure } from "./socket-setup.ts";

/** The settings of a socket. Requests with equal ones share a socket. */
export interface EchoPath {
  /** Equal for equal settings. */
  readonly key: string;
  readonly isIpv6: boolean;
  /** TTL, the hop limit in IPv6; undefined for the default of this host. */
  readonly ttl: number | undefined;
  readonly options: SocketOptions | undefined;
}

/** Target of requests in the form that the kernel takes; prepared once for each healthcheck. */
export interface EchoTarget {
  /** With port 0. */
  readonly address: SockAddr;
  /** The same address in its shortest form. */
  readonly ip: string;
  readonly payloadBytes: number;
  readonly path: EchoPath;
}

/** The owner of a request. It is called from within the dialer's poll only, and not after {@link EchoHandle.cancel}. */
export interface EchoOwner {
  /** The request has its {@link EchoHandle.outcome}. */
  settled(request: EchoHandle): void;
  /** The owner threw an exception. */
  crashed(error: Error): void;
}

/** Outcome of a request. */
export type EchoOutcome =
  /** The target has answered, with `payloadBytes` of payload; `atMs` on the clock of `performance.now()`, undefined when the kernel has no timestamp. */
  | { readonly kind: "answer"; readonly payloadBytes: number; readonly atMs: number | undefined }
  /** An ICMP error quotes the request: `host unreachable from 10.0.0.1`. */
  | { readonly kind: "icmp-error"; readonly message: string }
  /** This host did not send the request. `setup` is the rejected option or missing permission, if that is the reason. */
  | { readonly kind: "not-sent"; readonly number: number; readonly setup: SetupFailure | undefined };

/** Reason why a request without an outcome may have an answer all the same; `silent` when no such reason is known. */
export type EchoSilence = "silent" | "unread" | "overflown";

/** A request as the icmp checker sees it; tests put their own behind it. */
export interface EchoHandle {
  /** Time of the send on the clock of `performance.now()`, milliseconds. */
  readonly askedMs: number;
  /** Undefined until the answer or an error is known. */
  readonly outcome: EchoOutcome | undefined;
  /** Forgets the request; its owner receives nothing more. */
  cancel(): void;
  /** Reads everything that has arrived, at the deadline of the check. An outcome is then in {@link outcome}. */
  expire(): EchoSilence;
}

/** The socket of a request. */
export interface EchoCarrier {
  /** The descriptor; negative when the socket could not be opened. */
  readonly fd: number;
  /** Forgets a request whose outcome no longer matters. */
  forget(request: EchoRequest): void;
  /** Reads what has arrived, at the deadline of a request. */
  silenceOf(request: EchoRequest): EchoSilence;
}

/** One request. */
export class EchoRequest implements EchoKey, EchoHandle {
  sequence = 0;
  askedMs = 0;
  outcome: EchoOutcome | undefined;
  canceled = false;
  /** True once it was sent again in smaller packets. */
  resent = false;

  constructor(
    readonly socket: EchoCarrier,
    readonly target: EchoTarget,
    readonly owner: EchoOwner,
    readonly tokenHigh: number,
    readonly tokenLow: number,
    /** Overflows of the socket's receive buffer before the request was sent. */
    readonly overflowsBefore: number,
  ) {}

  cancel(): void {
    this.canceled = true;
    this.socket.forget(this);
  }

  expire(): EchoSilence {
    return this.socket.silenceOf(this);
  }
}
