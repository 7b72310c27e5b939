/**
 * Prepares the path of a Unix socket: creates directories, removes a dead socket, and leaves a live one and anything
 * that is not a socket alone.
 */
import { lstatSync, mkdirSync, type Stats, unlinkSync } from "node:fs";
import { dirname } from "node:path";
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
 * Makes a path free for listening.
 *
 * @throws AlreadyRunningError when a live server is behind it
 * @throws Error when something else is in the way; the message has the system's reason
 */
export function clearSocketPath(path: string): void {
  const directory = dirname(path);
  naming(`make the directory ${directory}`, () => mkdirSync(directory, { recursive: true }));
  const stat: Stats | undefined = naming(`probe socket ${path}`, () =>
    lstatSync(path, { throwIfNoEntry: false }),
  );
  if (stat === undefined) return;
  if (!stat.isSocket()) throw new Error(`listen on ${path}: path exists and is not a socket`);
  if (isServed(path)) throw new AlreadyRunningError(path);
  naming(`remove the old socket ${path}`, () => unlinkSync(path));
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
    return stat?.isSocket() === true ? `${stat.dev} ${stat.ino} ${stat.birthtimeNs}` : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Returns true when a process listens on a socket. The probe uses a socket of another type: the kernel then reports
 * whether a process listens without connecting to it, so that a running server does not see a client.
 */
function isServed(path: string): boolean {
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
