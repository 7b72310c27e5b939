/**
 * Places a Unix socket at its path only while it accepts connections. bind(2) creates the file, and until listen(2) the
 * kernel refuses clients; so the socket is bound under a temporary name in the same directory, and moved to its path when
 * it has its mode and accepts connections. Called by the control plane.
 *
 * The temporary name contains the socket's name (`.proxy.sock.5d0c17e2`), because `ss -xl` shows the name that was bound.
 * A start that is killed in between leaves the file behind, where no client connects; a later start removes it.
 */
import {
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  unlinkSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { AT_FDCWD, libc, RENAME_EXCHANGE, RENAME_NOREPLACE, SYS_RENAMEAT2 } from "./libc.ts";
import { MAX_UNIX_PATH } from "./sockaddr.ts";
import { O_PATH, withSocketMode } from "./socket-mode.ts";
import { isServed, naming, socketIdentity, staleSocketAt } from "./unix-socket.ts";

/** A listening socket at its path. */
export interface PlacedSocket<Listener> {
  readonly listener: Listener;
  /** The value of {@link socketIdentity} while this socket is the file at the path. */
  readonly identity: string;
}

/** Maximum part of the socket's name in its temporary name, bytes: behind `/proc/self/fd/NNNNNNN/` it fits `sun_path`. */
const MAX_STEM_BYTES = 64;
/** Age from which a temporary name belongs to a start that was killed: it lasts less than a millisecond. */
const ABANDONED_MS = 60_000;
/** Maximum number of attempts while other processes change the path. */
const MAX_ATTEMPTS = 5;

/**
 * Listens on a path: creates its directories, replaces a stale socket, leaves a live one and any other file alone.
 *
 * @param path - of at most 107 bytes
 * @param mode - of the socket, from its first moment
 * @param listen - binds and listens on its argument before it returns; `stop` may remove the file there
 * @throws AlreadyRunningError when a live server is behind the path
 * @throws Error that names the step and the system's reason; no file is left behind then
 */
export function placeSocket<Listener extends { stop(): void }>(
  path: string,
  mode: number,
  listen: (path: string) => Listener,
): PlacedSocket<Listener> {
  const directory = dirname(path);
  naming(`make the directory ${directory}`, () => mkdirSync(directory, { recursive: true }));
  // First, so that a start that cannot succeed creates nothing.
  staleSocketAt(path);
  removeAbandoned(path);
  const temporary = join(directory, temporaryName(path));
  let listener: Listener | undefined;
  try {
    listener = withSocketMode(temporary, mode, () =>
      naming(`listen on ${path}`, () => withShortPath(temporary, listen)),
    );
    const identity = socketIdentity(temporary);
    if (identity === undefined) throw new Error(`listen on ${path}: the new socket was removed`);
    moveSocket(temporary, path);
    return { listener, identity };
  } catch (error) {
    removeIfThere(temporary);
    listener?.stop();
    throw error;
  }
}

/**
 * Removes the file at a path if it is still the given socket.
 *
 * @param identity - the socket's {@link socketIdentity}
 */
export function removeSocket(path: string, identity: string): void {
  if (socketIdentity(path) === identity) removeIfThere(path);
}

/**
 * Moves a socket that accepts connections to its path, which is free or has a stale socket. Two servers that start
 * concurrently do not displace each other.
 *
 * @throws AlreadyRunningError when a live server is behind the path
 */
function moveSocket(temporary: string, path: string): void {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const stale = staleSocketAt(path);
    if (stale === undefined ? takeFreePath(temporary, path) : replaceStale(temporary, path, stale)) return;
  }
  throw new Error(`listen on ${path}: other processes keep changing the path`);
}

/** Moves a socket to a free path. @returns false when a file has appeared at the path */
function takeFreePath(temporary: string, path: string): boolean {
  if (rename2(temporary, path, RENAME_NOREPLACE)) return true;
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) return false;
  // The file system or the sandbox does not support renameat2(2).
  naming(`listen on ${path}`, () => renameSync(temporary, path));
  return true;
}

/**
 * Replaces a stale socket in one step: the path is never empty.
 *
 * @param stale - the identity of the stale socket
 * @returns false when another file is at the path; it stays there
 */
export function replaceStale(temporary: string, path: string, stale: string): boolean {
  if (rename2(temporary, path, RENAME_EXCHANGE)) {
    const isStale = socketIdentity(temporary) === stale;
    if (isStale) removeIfThere(temporary);
    else rename2(temporary, path, RENAME_EXCHANGE);
    return isStale;
  }
  if (socketIdentity(path) !== stale) return false;
  naming(`remove the old socket ${path}`, () => renameSync(temporary, path));
  return true;
}

/** Calls renameat2(2) with a flag. @returns false when it failed */
function rename2(from: string, to: string, flag: number): boolean {
  const [source, target] = [from, to].map((path) => Buffer.from(`${path}\0`));
  if (source === undefined || target === undefined) return false;
  return libc.syscall(SYS_RENAMEAT2, AT_FDCWD, source, AT_FDCWD, target, flag) === 0n;
}

/** Returns a random temporary name, `.proxy.sock.5d0c17e2`: servers in several containers may share the directory. */
function temporaryName(path: string): string {
  const random = crypto.getRandomValues(new Uint8Array(4)).toHex();
  return `${temporaryStem(path)}${random}`;
}

function temporaryStem(path: string): string {
  // A character that is cut in two is decoded as U+FFFD.
  return `.${Buffer.from(basename(path)).subarray(0, MAX_STEM_BYTES).toString()}.`;
}

/** Removes the files that killed starts have left behind. Errors are ignored: such a file does no harm. */
function removeAbandoned(path: string): void {
  const stem = temporaryStem(path);
  try {
    readdirSync(dirname(path))
      .filter((name) => name.startsWith(stem) && /^[0-9a-f]{8}$/.test(name.slice(stem.length)))
      .map((name) => join(dirname(path), name))
      .filter(isAbandoned)
      .forEach(removeIfThere);
  } catch {
    // The directory cannot be read.
  }
}

function isAbandoned(file: string): boolean {
  try {
    const stat = lstatSync(file);
    const isOld = Date.now() - stat.mtimeMs > ABANDONED_MS;
    return stat.isSocket() && isOld && !withShortPath(file, isServed);
  } catch {
    return false;
  }
}

/**
 * Calls a function with a path that fits `sun_path`: the given one, or one to the same file through its directory's
 * descriptor.
 *
 * @param file - may be longer than 107 bytes, its last component may not
 */
function withShortPath<Result>(file: string, use: (short: string) => Result): Result {
  if (Buffer.byteLength(file) <= MAX_UNIX_PATH) return use(file);
  const directory = openSync(dirname(file), O_PATH | constants.O_DIRECTORY);
  try {
    return use(`/proc/self/fd/${directory}/${basename(file)}`);
  } finally {
    closeSync(directory);
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // The file is missing, or the directory has become read-only.
  }
}
