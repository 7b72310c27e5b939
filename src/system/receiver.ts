/**
 * Reads from stream sockets together with the kernel's receive timestamps (SO_TIMESTAMPNS): when the last packet of what was read
 * came, however late this process reads it. The kernel merges packets that wait for this process, and keeps the newest
 * one's time (tcp_try_coalesce): a shorter read would not give that of the first one. Used by the plain-text conversations.
 */
import { ptr } from "bun:ffi";
import {
  AF_INET,
  CLOCK_REALTIME,
  CMSGHDR,
  libc,
  MSG_DONTWAIT,
  MSGHDR,
  SO_TIMESTAMPNS,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOL_SOCKET,
} from "./libc.ts";

/** Bytes that one call reads at most. */
export const RECEIVE_BYTES = 65_536;
const CONTROL_BYTES = 64;
/** The longer one of the addresses, `struct sockaddr_in6`. */
const NAME_BYTES = 28;
const IOVEC_AT = MSGHDR.bytes;
const CONTROL_AT = IOVEC_AT + 16;
/**
 * Largest difference of the two clocks that is not a step of the wall clock; milliseconds. They differ by a constant
 * unless the wall clock is set.
 */
const STEP_MS = 0.2;
/** Between the two clocks' readings the process may lose the processor; then they are read again, up to this often. */
const MAX_READINGS = 4;
const READING_MS = 0.05;

/** Reads with timestamps; one instance, with one buffer, serves every socket of the process. */
export class Receiver {
  /** Bytes of the last read; valid until the next one. */
  readonly bytes = Buffer.from(new ArrayBuffer(RECEIVE_BYTES));
  /** The sender of the last {@link readFrom}, a `struct sockaddr`; valid until the next read. */
  readonly sender = Buffer.from(new ArrayBuffer(NAME_BYTES));
  // The buffers are made before the views: taking `.buffer` of a small typed array would move its bytes.
  readonly #header = new ArrayBuffer(CONTROL_AT + CONTROL_BYTES);
  readonly #view = new DataView(this.#header);
  readonly #headerBytes = new Uint8Array(this.#header);
  readonly #on = new Int32Array([1]);
  readonly #time = new BigInt64Array(new ArrayBuffer(16));
  #stampMs: number | undefined;
  #offsetMs = Number.NaN;
  #sampled = false;
  #trusted = false;

  constructor() {
    const headerAt = bufferAddress(this.#headerBytes);
    this.#view.setBigUint64(MSGHDR.name, BigInt(bufferAddress(this.sender)), true);
    this.#view.setBigUint64(MSGHDR.iov, BigInt(headerAt + IOVEC_AT), true);
    this.#view.setBigUint64(MSGHDR.iovLength, 1n, true);
    this.#view.setBigUint64(MSGHDR.control, BigInt(headerAt + CONTROL_AT), true);
    this.#view.setBigUint64(IOVEC_AT, BigInt(bufferAddress(this.bytes)), true);
    this.#view.setBigUint64(IOVEC_AT + 8, BigInt(RECEIVE_BYTES), true);
    // The kernel stamps packets while any socket wants it, and patches its own code when the first one comes and the last one goes:
    // this one stays for the life of the process.
    this.stamp(libc.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    this.#compareClocks();
  }

  /**
   * Arrival time of the last packet that was read, on the clock of `performance.now()`; undefined when the kernel did
   * not report it.
   */
  get stampMs(): number | undefined {
    return this.#stampMs;
  }

  /** Asks for the timestamps of a socket. */
  stamp(fd: number): void {
    libc.setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, this.#on, 4);
  }

  /** Starts a round of reads: compares the wall clock again. */
  begin(): void {
    this.#sampled = false;
  }

  /**
   * Reads what has come.
   *
   * @param fd - the socket
   * @param flags - of recvmsg: MSG_PEEK leaves the bytes to the next read
   * @returns the number of bytes, 0 at the end of the stream, negative on an error (`errno`)
   */
  read(fd: number, flags = 0): number {
    if (!this.#sampled) this.#compareClocks();
    // The upper half of this 64-bit number stays 0; a BigInt would cost more than the call.
    this.#view.setUint32(MSGHDR.controlLength, CONTROL_BYTES, true);
    const count = libc.recvmsg(fd, this.#headerBytes, MSG_DONTWAIT | flags);
    this.#stampMs = count > 0 && this.#trusted ? this.#readStamp() : undefined;
    return Number(count);
  }

  /** {@link read} for a socket that is not connected: also receives the sender. */
  readFrom(fd: number): number {
    // The kernel has put the length of the last sender there.
    this.#view.setUint32(MSGHDR.nameLength, NAME_BYTES, true);
    return this.read(fd);
  }

  #readStamp(): number | undefined {
    if (this.#view.getUint32(MSGHDR.controlLength, true) < CMSGHDR.data + 16) return undefined;
    if (this.#view.getInt32(CONTROL_AT + CMSGHDR.type, true) !== SO_TIMESTAMPNS) return undefined;
    const seconds = this.#seconds(CONTROL_AT + CMSGHDR.data);
    const nanoseconds = this.#view.getUint32(CONTROL_AT + CMSGHDR.data + 8, true);
    // A packet that came before the first socket wanted timestamps has none.
    return seconds === 0 ? undefined : seconds * 1_000 + nanoseconds / 1e6 - this.#offsetMs;
  }

  /** Reads a positive 64-bit number. */
  #seconds(at: number): number {
    return this.#view.getUint32(at, true) + this.#view.getUint32(at + 4, true) * 2 ** 32;
  }

  /** Timestamps are wall-clock time. After a step of that clock those of this round are of unknown origin, and not used. */
  #compareClocks(): void {
    this.#sampled = true;
    const before = this.#offsetMs;
    for (let reading = 0; reading < MAX_READINGS; reading++) {
      const startMs = performance.now();
      libc.clock_gettime(CLOCK_REALTIME, this.#time);
      const endMs = performance.now();
      const wallMs = Number(this.#time[0] ?? 0n) * 1_000 + Number(this.#time[1] ?? 0n) / 1e6;
      this.#offsetMs = wallMs - (startMs + endMs) / 2;
      if (endMs - startMs < READING_MS) break;
    }
    this.#trusted = Math.abs(this.#offsetMs - before) < STEP_MS;
  }
}

/**
 * Returns the address of a buffer, for a kernel structure that points to it. The caller keeps the buffer alive.
 *
 * @throws Error for an empty buffer
 */
export function bufferAddress(bytes: Uint8Array): number {
  const at = ptr(bytes);
  // The types allow for a null pointer, which only an empty array has.
  if (at === null) throw new Error("take the address of a buffer: the runtime gave none");
  return Number(at);
}
