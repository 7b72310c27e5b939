/**
 * Reads the files that the server is pointed at: configuration, checks, certificates. Such a path may have become
 * anything, and only a regular file is sure to end: a pipe would hold up every check, a device would fill the memory.
 */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from "node:fs";

/** The longest file of certificates: a whole trust store has some 200 KiB. */
const MAX_BYTES = 64 * 1_024 * 1_024;
/** The longest configuration or checks file; 10,000 healthchecks have some 1.5 MB. */
export const MAX_YAML_BYTES = 4 * 1_024 * 1_024;
const CHUNK_BYTES = 64 * 1_024;
/** Opening a pipe waits for its writer otherwise, and opening a terminal may make it ours. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
const PIPE_POLL_MS = 5;
/** /dev/null: major 1, minor 3. */
const NULL_DEVICE = 0x103;

/**
 * Reads a file, through symbolic links.
 *
 * @param maxBytes - largest size that is read
 * @returns its text, UTF-8
 * @throws Error when it cannot be read, is not a regular file, or is larger
 */
export function readTextFile(path: string, maxBytes = MAX_BYTES): string {
  return read(path, false, maxBytes);
}

/**
 * Reads a file like {@link readTextFile}, for a command at a terminal, which may wait: an open pipe is read to its end,
 * for `/dev/stdin` and the shell's `<(…)`.
 */
export function readTextFileOrPipe(path: string, maxBytes = MAX_BYTES): string {
  return read(path, true, maxBytes);
}

/**
 * Reads a file piece by piece, through symbolic links. It is open until the last piece was taken, or the generator is returned.
 *
 * @returns its text, UTF-8, at most 64 KiB at a time
 * @throws Error as {@link readTextFile} does, in the middle when it turns out too long
 */
export function* readTextPieces(path: string): Generator<string, void, undefined> {
  const fd = openSync(path, FLAGS);
  try {
    const stat = checkKind(fd, path, false);
    if (stat.size > MAX_BYTES) throw tooLong(path, MAX_BYTES);
    const decoder = new TextDecoder();
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    let length = 0;
    for (let count = readSome(fd, chunk); count > 0; count = readSome(fd, chunk)) {
      length += count;
      if (length > MAX_BYTES) throw tooLong(path, MAX_BYTES);
      yield decoder.decode(chunk.subarray(0, count), { stream: true });
    }
  } finally {
    closeSync(fd);
  }
}

/** @throws Error unless it is a regular file or what stands for one */
function checkKind(fd: number, path: string, pipes: boolean): Stats {
  // The check concerns the opened file: the path may lead to another one by now.
  const stat = fstatSync(fd);
  const isPipe = pipes && stat.isFIFO();
  // The one device that ends: it stands for an empty file.
  const isNull = stat.isCharacterDevice() && stat.rdev === NULL_DEVICE;
  if (!stat.isFile() && !isPipe && !isNull) throw fileError(`${path} is ${kindOf(stat)}, not a regular file`);
  return stat;
}

function tooLong(path: string, maxBytes: number): Error {
  return fileError(`${path} is larger than ${maxBytes} bytes, the maximum`);
}

function read(path: string, pipes: boolean, maxBytes: number): string {
  const fd = openSync(path, FLAGS);
  try {
    const isPipe = checkKind(fd, path, pipes).isFIFO();
    const bytes = readToEnd(fd, path, maxBytes);
    if (isPipe && bytes.length === 0) throw fileError(`${path} is an empty pipe`);
    return bytes.toString("utf8");
  } finally {
    closeSync(fd);
  }
}

function readToEnd(fd: number, path: string, maxBytes: number): Buffer {
  const chunks: Buffer[] = [];
  let length = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const count = readSome(fd, chunk);
    if (count === 0) return Buffer.concat(chunks);
    length += count;
    // The size that the kernel reports is not reliable: files in /proc have none.
    if (length > maxBytes) throw tooLong(path, maxBytes);
    chunks.push(chunk.subarray(0, count));
  }
}

/** Waits for a pipe; a regular file never makes one wait. @returns 0 at the end */
function readSome(fd: number, chunk: Buffer): number {
  for (;;) {
    try {
      return readSync(fd, chunk);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) throw error;
      Bun.sleepSync(PIPE_POLL_MS);
    }
  }
}

/**
 * An error of the file and not of the program: a stack would only be in the way, and the runtime's file errors have
 * none either.
 */
function fileError(message: string): Error {
  const error = new Error(message);
  error.stack = "";
  return error;
}

function kindOf(stat: Stats): string {
  if (stat.isDirectory()) return "a directory";
  return stat.isFIFO() ? "a pipe" : "a device";
}
