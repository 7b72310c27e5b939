/**
 * Reports what is at the path of a Unix socket: nothing, a stale socket, a live one, or another kind of file. Only the
 * first two may be replaced. Called by socket-placement.ts and the control plane.
 */
import { type BigIntStats, lstatSync } from "node:fs";
import { ECONNREFUSED, EPROTOTYPE, errnoMessage } from "./errno.ts";
import { errno, libc, SOCK_CLOEXEC, SOCK_DGRAM } from "./libc.ts";
import { unixSockAddr } from "./sockaddr.ts";
import { systemReason } from "./system-reason.ts";

/** Another server serves the socket. */
export class AlreadyRunningError extends Error {
  override readonly name = "AlreadyRunningError";

  constructor(path: string) {
    super(`already running: another server listens on ${path}`);
  }
}

/**
 * Decides whether a socket may be placed at a path. Changes nothing.
 *
 * @returns the identity of the stale socket that is to be replaced; undefined when nothing is at the path
 * @throws AlreadyRunningError when a live server is behind it
 * @throws Error when something else is in the way; the message has the system's reason
 */
export function staleSocketAt(path: string): string | undefined {
  const stat = naming(`probe socket ${path}`, () => lstatSync(path, { bigint: true, throwIfNoEntry: false }));
  if (stat === undefined) return undefined;
  if (!stat.isSocket()) throw new Error(`listen on ${path}: path exists and is not a socket`);
  if (isServed(path)) throw new AlreadyRunningError(path);
  return identityOf(stat);
}

/**
 * Does one step of listening.
 *
 * @param step - for the error: `listen on /run/x.sock`
 * @throws Error that names the step and the system's reason; the runtime's own message often lacks one of them
 */
export function naming<T>(step: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw new Error(`${step}: ${systemReason(error)}`, { cause: error });
  }
}

/**
 * Returns the identity of the socket at a path, which differs from that of any later socket; an inode's number alone
 * may be used again.
 *
 * @returns undefined when there is no socket, or its identity cannot be read
 */
export function socketIdentity(path: string): string | undefined {
  try {
    const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return stat?.isSocket() === true ? identityOf(stat) : undefined;
  } catch {
    return undefined;
  }
}

function identityOf({ dev, ino, birthtimeNs }: BigIntStats): string {
  return `${dev} ${ino} ${birthtimeNs}`;
}

/**
 * Returns true when a process listens on a socket. The probe uses a socket of another type: the kernel then reports
 * whether a process listens without connecting to it, so that a running server does not see a client.
 *
 * @throws Error when the kernel reports neither
 */
export function isServed(path: string): boolean {
  const address = unixSockAddr(path);
  if (address === undefined) throw new Error(`listen on ${path}: the path is too long for a Unix socket`);
  const fd = libc.socket(address.family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw new Error(`probe socket ${path}: ${errnoMessage(errno())}`);
  const outcome = libc.connect(fd, address.bytes, address.bytes.length);
  const number = outcome === 0 ? 0 : errno();
  libc.close(fd);
  if (number === ECONNREFUSED) return false;
  if (number === 0 || number === EPROTOTYPE) return true;
  // Not allowed to know: then it is not ours to remove.
  throw new Error(`probe socket ${path}: ${errnoMessage(number)}`);
}
