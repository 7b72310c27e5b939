/**
 * Linux error numbers and their messages. The numbers are those of asm-generic, the same on x64 and arm64. This file
 * alone decides which of them are local faults, which say nothing about a backend.
 */
import type { LocalCause } from "../model/result.ts";

interface Errno {
  readonly number: number;
  readonly message: string;
  /** Cause, for a local fault. */
  readonly local?: LocalCause;
}

const TABLE: Readonly<Record<string, Errno>> = {
  EPERM: { number: 1, message: "operation not permitted", local: "permission" },
  ENOENT: { number: 2, message: "no such file or directory" },
  EAGAIN: { number: 11, message: "no free local port", local: "ports" },
  ENOMEM: { number: 12, message: "out of memory", local: "memory" },
  EACCES: { number: 13, message: "permission denied" },
  ENODEV: { number: 19, message: "no such device", local: "network" },
  EINVAL: { number: 22, message: "invalid argument" },
  ENFILE: { number: 23, message: "too many open files on this host", local: "descriptors" },
  EMFILE: { number: 24, message: "too many open files", local: "descriptors" },
  ENOSPC: { number: 28, message: "no space for another watch", local: "memory" },
  EPIPE: { number: 32, message: "broken pipe" },
  ENONET: { number: 64, message: "host is isolated" },
  EPROTO: { number: 71, message: "protocol error" },
  EMSGSIZE: { number: 90, message: "message too long" },
  EPROTOTYPE: { number: 91, message: "wrong socket type" },
  ENOPROTOOPT: { number: 92, message: "protocol is unreachable" },
  EOPNOTSUPP: { number: 95, message: "source route failed" },
  EAFNOSUPPORT: { number: 97, message: "address family not supported" },
  EADDRINUSE: { number: 98, message: "no free local port", local: "ports" },
  EADDRNOTAVAIL: { number: 99, message: "no free local port or address", local: "ports" },
  ENETDOWN: { number: 100, message: "network is down" },
  ENETUNREACH: { number: 101, message: "network is unreachable" },
  ENETRESET: { number: 102, message: "connection reset by network" },
  ECONNABORTED: { number: 103, message: "connection aborted" },
  ECONNRESET: { number: 104, message: "connection reset by peer" },
  ENOBUFS: { number: 105, message: "no buffer space", local: "memory" },
  ETIMEDOUT: { number: 110, message: "connection timed out" },
  ECONNREFUSED: { number: 111, message: "connection refused" },
  EHOSTDOWN: { number: 112, message: "host is down" },
  EHOSTUNREACH: { number: 113, message: "no route to host" },
  EINPROGRESS: { number: 115, message: "in progress" },
};

const BY_NUMBER = new Map(Object.entries(TABLE).map(([name, errno]) => [errno.number, { name, ...errno }]));

/** Error numbers that callers compare with. */
export const EINPROGRESS = 115;
/** The network interface is missing. */
export const ENODEV = 19;
/** Also of a connection that no packet from its source address can make. */
export const EINVAL = 22;
/** No free port, or not an address of this host. */
export const EADDRNOTAVAIL = 99;
/** The interface is down. */
export const ENETDOWN = 100;
/** No route leads to the network. */
export const ENETUNREACH = 101;
/** No route leads to the host, or it does not answer on its link. */
export const EHOSTUNREACH = 113;
/** A rule of this host forbids the call. */
export const EPERM = 1;
/** A ping socket is not allowed to the groups of this process. */
export const EACCES = 13;
/** The port is in use; for a ping socket the identifier. */
export const EADDRINUSE = 98;
/** No room for another packet. */
export const ENOBUFS = 105;
/** The packet does not fit, here or at a router. */
export const EMSGSIZE = 90;
/** A send without waiting found no room. */
export const EAGAIN = 11;
/** Too many open files; also reported when the descriptors set aside for checks are used up. */
export const EMFILE = 24;
/** The kernel's own connect timeout. */
export const ETIMEDOUT = 110;
/** No process listens. */
export const ECONNREFUSED = 111;
/** The connection was open, and the other side has thrown it away. */
export const ECONNRESET = 104;
/** The other side has closed, and then thrown the connection away. */
export const EPIPE = 32;
/** A socket of another type lives at the path. */
export const EPROTOTYPE = 91;

/** Returns the system's message for an error number: `connection refused`. */
export function errnoMessage(number: number): string {
  return BY_NUMBER.get(number)?.message ?? `error ${number}`;
}

/**
 * Returns the local cause that an error number stands for; undefined when it describes the peer. An unknown number,
 * such as ENOSYS in a sandbox, is a local fault.
 */
export function localCause(number: number): LocalCause | undefined {
  const errno = BY_NUMBER.get(number);
  return errno === undefined ? "fault" : errno.local;
}

/**
 * The number behind a runtime error's `code`, e.g. `ECONNRESET`; 0 when it has none that is known, and for EPROTO, which the runtime gives
 * to every error of its TLS library.
 */
export function errnoOf(error: unknown): number {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EPROTO") return 0;
  return typeof code === "string" && Object.hasOwn(TABLE, code) ? (TABLE[code]?.number ?? 0) : 0;
}
