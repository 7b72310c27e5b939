/** Counts the overflows of a socket's receive buffer, so that a lost answer is not a missing one. Used by the echo sockets. */
import { libc, SK_MEMINFO, SO_MEMINFO, SOL_SOCKET } from "./libc.ts";

/** The overflows of one socket. */
export class ReceiveOverflow {
  readonly #fd: number;
  readonly #memory = new Uint32Array(SK_MEMINFO.length);
  readonly #length = new Uint32Array(1);
  #drops = 0;
  #count = 0;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Number of overflows that {@link measure} has found. */
  get count(): number {
    return this.#count;
  }

  /** Looks for an overflow since the last call. Must be called before the socket is read, because reading empties the buffer. */
  measure(): void {
    this.#length[0] = this.#memory.byteLength;
    if (libc.getsockopt(this.#fd, SOL_SOCKET, SO_MEMINFO, this.#memory, this.#length) !== 0) return;
    const {
      [SK_MEMINFO.drops]: drops = 0,
      [SK_MEMINFO.used]: used = 0,
      [SK_MEMINFO.limit]: limit = 0,
    } = this.#memory;
    if (drops === this.#drops) return;
    this.#drops = drops;
    // The kernel counts messages with a wrong checksum, too, which any host may send; they leave the buffer empty.
    if (used >= limit / 2) this.#count++;
  }
}
