/**
 * Opens the state file so that nothing else is harmed by it: only a regular file of this user, locked against another server, and never a
 * file of another program. Writes go through the runtime's thread pool, so a disk that hangs delays no check.
 */
import { constants, type Stats } from "node:fs";
import { type FileHandle, lstat, open, rename, statfs, unlink } from "node:fs/promises";
import { LOCK_EX, LOCK_NB, libc } from "../system/libc.ts";
import { systemReason } from "../system/system-reason.ts";
import { isStateFile, MAGIC } from "./format.ts";

/** The largest file that is read; 100,000 healthchecks have some 20 MB. */
const MAX_BYTES = 64 * 1_024 * 1_024;
const OWNER_ONLY = 0o600;
const WRITABLE_BY_OTHERS = 0o022;
/** Opening a pipe waits for its other end otherwise, and opening a terminal may make it ours. */
const FLAGS = constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
const CREATE = constants.O_CREAT | constants.O_EXCL;
/** `f_type` of file systems that no boot survives: tmpfs and ramfs. */
const VOLATILE_FILE_SYSTEMS: readonly number[] = [0x01021994, 0x858458f6];

/** The state file cannot be used; the message has the reason. */
export class StateFileError extends Error {
  override readonly name = "StateFileError";
}

/** An open state file, locked. */
export interface OwnedFile {
  readonly handle: FileHandle;
  readonly mtimeMs: number;
  readonly identity: string;
  /** True if the file lies in memory, so that no boot survives it. */
  readonly isVolatile: boolean;
}

/**
 * Opens the state file.
 *
 * @returns undefined if it does not exist
 * @throws StateFileError if it is not a file of this server, or another server has it open
 * @throws Error of the system
 */
export async function openOwned(path: string): Promise<OwnedFile | undefined> {
  const before = await lstatOrNothing(path);
  if (before === undefined) return undefined;
  checkStats(path, before);
  const handle = await open(path, FLAGS);
  try {
    const stats = await handle.stat();
    // The file that was opened decides: the path may lead to another one by now.
    checkStats(path, stats);
    lock(path, handle);
    const start = Buffer.alloc(MAGIC.length);
    const { bytesRead } = await handle.read(start, 0, start.length, 0);
    if (!isStateFile(start.subarray(0, bytesRead)))
      throw new StateFileError(
        `${path} is not a state file and is left alone; remove it, or change server.state_file`,
      );
    const now = await lstatOrNothing(path);
    if (now === undefined || identityOf(now) !== identityOf(stats))
      throw new StateFileError(`${path} was replaced while it was opened`);
    return await ownedFile(path, handle, stats);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * Puts a new file in the place of the state file, in one step and locked from its first moment.
 *
 * @param write - writes its contents
 */
export async function replaceOwned(
  path: string,
  write: (handle: FileHandle) => Promise<void>,
): Promise<OwnedFile> {
  const draft = `${path}.new`;
  await removeDraft(path, draft);
  const handle = await open(draft, FLAGS | CREATE, OWNER_ONLY);
  const identity = identityOf(await handle.stat());
  try {
    lock(path, handle);
    await write(handle);
    // Not synchronized: after a loss of power the states are too old anyway, and checksums find what is left of the file.
    await rename(draft, path);
    if (!(await isInPlace(path, identity))) throw new StateFileError(`another server uses ${path}`);
    return await ownedFile(path, handle, await handle.stat());
  } catch (error) {
    await handle.close();
    if (await isInPlace(draft, identity).catch(() => false)) await removeOwned(draft).catch(() => {});
    throw error;
  }
}

async function ownedFile(path: string, handle: FileHandle, stats: Stats): Promise<OwnedFile> {
  const { mtimeMs } = stats;
  return { handle, mtimeMs, identity: identityOf(stats), isVolatile: await isVolatile(path) };
}

/** Removes the file that a killed server was writing, and never that of one that runs. */
async function removeDraft(path: string, draft: string): Promise<void> {
  const handle = await open(draft, FLAGS).catch(() => undefined);
  try {
    if (handle !== undefined) lock(path, handle);
  } finally {
    await handle?.close();
  }
  await removeOwned(draft);
}

/** Removes a file, if it exists. */
export async function removeOwned(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** Reports whether the file at the path is still the one with an identity. */
export async function isInPlace(path: string, identity: string): Promise<boolean> {
  const stats = await lstatOrNothing(path);
  return stats !== undefined && identityOf(stats) === identity;
}

/** Reads the whole file. @throws StateFileError if it is too large */
export async function readWhole(path: string, handle: FileHandle): Promise<Buffer> {
  const { size } = await handle.stat();
  if (size > MAX_BYTES) throw new StateFileError(`${path} is larger than ${MAX_BYTES} bytes, the maximum`);
  const bytes = Buffer.alloc(size);
  let length = 0;
  while (length < size) {
    const { bytesRead } = await handle.read(bytes, length, size - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return bytes.subarray(0, length);
}

/** Writes bytes at a place of the file. */
export async function writeAt(handle: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}

async function isVolatile(path: string): Promise<boolean> {
  try {
    return VOLATILE_FILE_SYSTEMS.includes((await statfs(path)).type);
  } catch {
    return false;
  }
}

/** Describes an error of the file for a log line. */
export function reasonOf(error: unknown): string {
  return error instanceof StateFileError ? error.message : systemReason(error);
}

function checkStats(path: string, { mode, uid }: Stats): void {
  if ((mode & constants.S_IFMT) !== constants.S_IFREG)
    throw new StateFileError(`${path} is not a regular file`);
  const ownUid = process.geteuid?.() ?? uid;
  if (uid !== ownUid) throw new StateFileError(`${path} is owned by user ${uid} and not by ${ownUid}`);
  if ((mode & WRITABLE_BY_OTHERS) !== 0)
    throw new StateFileError(`${path} is writable by other users; run chmod 600 ${path}`);
}

function lock(path: string, { fd }: FileHandle): void {
  if (libc.flock(fd, LOCK_EX | LOCK_NB) !== 0) throw new StateFileError(`another server uses ${path}`);
}

function identityOf({ dev, ino }: Stats): string {
  return `${dev} ${ino}`;
}

async function lstatOrNothing(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
