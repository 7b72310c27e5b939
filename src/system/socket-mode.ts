/**
 * Creates a Unix socket with the right mode from its first moment: the runtime listens with the umask's mode, and any
 * process could connect between that and a chmod.
 */
import { chmodSync, closeSync, constants, fstatSync, openSync } from "node:fs";

/** Opens a path without reading or following it; `fs.constants` leaves it out. The same number on x64 and arm64. */
export const O_PATH = 0o10000000;

/**
 * Listens on a path.
 *
 * @param listen - makes the socket before it returns
 * @throws Error when something else is at the path by then, or the mode cannot be set; the listener is stopped
 */
export function withSocketMode<Listener extends { stop(): void }>(
  path: string,
  mode: number,
  listen: () => Listener,
): Listener {
  const listener = withUmask(0o777 & ~mode, listen);
  try {
    setSocketMode(path, mode);
    return listener;
  } catch (error) {
    listener.stop();
    throw error;
  }
}

/** The umask is the whole process's: no other thread makes files meanwhile, and it is over in one go. */
function withUmask<T>(mask: number, make: () => T): T {
  const before = process.umask(mask);
  try {
    return make();
  } finally {
    process.umask(before);
  }
}

/**
 * Sets a socket's mode where the umask has not: in a directory with a default ACL the kernel ignores it. A chmod of the
 * path would follow a link that another user has put there meanwhile, so the opened file is checked first.
 *
 * @throws Error when there is no socket
 */
export function setSocketMode(path: string, mode: number): void {
  const fd = openSync(path, O_PATH | constants.O_NOFOLLOW);
  try {
    const stat = fstatSync(fd);
    if (!stat.isSocket()) throw new Error(`listen on ${path}: the socket was replaced by another file`);
    if ((stat.mode & 0o7777) !== mode) chmodSync(`/proc/self/fd/${fd}`, mode);
  } finally {
    closeSync(fd);
  }
}
