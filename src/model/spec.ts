/**
 * The specification of a healthcheck: a CONFIG of the protocol after validation. Values are normalized (milliseconds, defaults filled
 * in), so that no reader of a spec handles absent fields.
 */
import type { HealthcheckId } from "./id.ts";

/** Address and port of a connection. */
export interface Address {
  /** An IPv4 or IPv6 address in its shortest form, never a name. */
  readonly ip: string;
  /** 1–65535 */
  readonly port: number;
}

/** TLS on top of a connection. */
export interface TlsSpec {
  /** True when the certificate must be valid and name {@link serverName}. */
  readonly verify: boolean;
  /** The name sent as SNI and looked for in the certificate; the address itself when no name is known. */
  readonly serverName: string;
}

/** Ways in which a load balancer forwards packets to a backend: `dsr` unchanged (direct server return), `tun` in an IP tunnel. */
export const FORWARDING_MODES = ["dsr", "tun"] as const;

/**
 * The backend of a check whose target is a VIP: the load balancer of this host forwards the check's packets to it, as it forwards the traffic.
 * The mark of the packets selects the backend.
 */
export interface Forwarding {
  readonly mode: (typeof FORWARDING_MODES)[number];
  /** An IPv4 or IPv6 address in its shortest form. */
  readonly host: string;
}

/** Path of a check's packets: options that are set on its sockets before they connect. An undefined option is not set. */
export interface SocketOptions {
  /** The backend that {@link mark} selects; undefined for a check that goes to its target directly. */
  readonly forwarding?: Forwarding | undefined;
  /** SO_MARK, 1–4294967295. */
  readonly mark: number | undefined;
  /** An address of this host, of the family of the target. */
  readonly sourceIp: string | undefined;
  /** A network interface of this host (SO_BINDTODEVICE). */
  readonly interface: string | undefined;
}

/** Specification of a check; its check type created it and interprets it (src/checks/registry.ts). */
export interface AnyCheckSpec {
  readonly type: string;
}

/** Names that operators give a healthcheck. Display only: a change of them leaves state and counters alone. */
export interface Naming {
  readonly name?: string;
  /** At least one, by Prometheus label names. */
  readonly labels?: readonly (readonly [name: string, value: string])[];
}

/** Damping of a flapping backend, as BGP routers damp routes (RFC 2439): each state change adds 1,000 to a penalty that decays. */
export interface DampingSpec {
  /** Time in which the penalty decays to a half; above 0. */
  readonly halfLifeMs: number;
  /** Penalty above which the backend is damped. */
  readonly suppress: number;
  /** Penalty below which it is no longer damped; less than {@link suppress}. */
  readonly reuse: number;
}

/** Damping where a healthcheck asks for it without naming a value. */
export const DAMPING_DEFAULTS: DampingSpec = { halfLifeMs: 60_000, suppress: 2_000, reuse: 750 };

/** Times between the starts of a healthcheck's checks. */
export interface PaceSpec {
  /** Between two starts; above 0. */
  readonly intervalMs: number;
  /** From a start to the next while some results speak against the state, but not enough to change it; at most {@link intervalMs}. */
  readonly fastIntervalMs: number;
  /** Between two starts while unhealthy. */
  readonly downIntervalMs: number;
  /** Random part of the time between two starts on the grid, in percent of it: 0 to 50. */
  readonly jitter: number;
}

/** A complete healthcheck. */
export interface HealthcheckSpec extends Naming, PaceSpec {
  readonly id: HealthcheckId;
  /** Bounds the whole check; above 0. */
  readonly timeoutMs: number;
  /** Successes in a row that make it healthy; at least 1. */
  readonly rise: number;
  /** Failures in a row that make it unhealthy; at least 1. */
  readonly fall: number;
  /** Absent when each state change is reported. */
  readonly damping?: DampingSpec;
  readonly check: AnyCheckSpec;
}

/** `10.0.0.1:80`, `[::1]:80` */
export function formatAddress(address: Address): string {
  return address.ip.includes(":") ? `[${address.ip}]:${address.port}` : `${address.ip}:${address.port}`;
}

/**
 * Describes how a check reaches its backend, as the end of the target in a sentence: ` via 10.0.0.7 (mark 65537)`.
 *
 * @returns an empty string for a check that goes to its target directly
 */
export function formatVia(socket: SocketOptions | undefined): string {
  const backend = formatViaBackend(socket);
  return backend === "" ? "" : `${backend} (mark ${socket?.mark})`;
}

/** The same without the mark, which may change while the backend stays: ` via 10.0.0.7`. */
export function formatViaBackend(socket: SocketOptions | undefined): string {
  return socket?.forwarding === undefined ? "" : ` via ${socket.forwarding.host}`;
}
