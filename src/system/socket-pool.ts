/**
 * TCP sockets that wait for the next check of their host, which connects them again. SocketReuse disconnects them.
 *
 * A socket returns only to the host it came from. Linux does not choose a fresh initial sequence number for it: the next one is the last one
 * plus a constant. The first host could predict that of a connection to another host, and forge the other one's answer (RFC 9293 3.4.1).
 */

/** Maximum number of sockets that wait for the next check; some 4 kB of kernel memory each. */
const MAX_POOLED = 1_024;
/** The pool takes this share of the checks' descriptors at most. */
const SHARE = 1 / 32;
/** Time for which a host keeps its last socket without a check; milliseconds. Most hosts are checked more often. */
const UNUSED_MS = 60_000;

/** The sockets of one host. */
interface Shelf {
  readonly fds: number[];
  /** Smallest number of sockets since the last {@link SocketPool.trim}: that number was not needed. */
  unused: number;
  /** True when a socket was put in during the current minute. */
  used: boolean;
}

/** Unconnected sockets that are open and counted. It makes no system calls. */
export class SocketPool {
  readonly #shelves = new Map<string, Shelf>();
  readonly #max: number;
  #size = 0;
  #minuteMs = Number.NEGATIVE_INFINITY;

  /** Creates an empty pool. @param maxDescriptors - descriptors that all checks may hold; the pool takes a small share of them */
  constructor(maxDescriptors: number) {
    this.#max = Math.min(MAX_POOLED, Math.floor(maxDescriptors * SHARE));
  }

  /** Number of sockets in the pool. */
  get size(): number {
    return this.#size;
  }

  /** Takes a socket. @param ip - address of the host, numeric. @returns its descriptor, or undefined when the host has no socket here */
  take(ip: string): number | undefined {
    const shelf = this.#shelves.get(ip);
    const fd = shelf?.fds.pop();
    if (shelf === undefined || fd === undefined) return undefined;
    this.#size--;
    if (shelf.fds.length < shelf.unused) shelf.unused = shelf.fds.length;
    return fd;
  }

  /** Puts a socket in. @param ip - the only host it was ever connected to. @returns false when there is no room */
  put(ip: string, fd: number): boolean {
    if (this.#size >= this.#max) return false;
    let shelf = this.#shelves.get(ip);
    if (shelf === undefined) {
      shelf = { fds: [], unused: 0, used: true };
      this.#shelves.set(ip, shelf);
    }
    shelf.fds.push(fd);
    shelf.used = true;
    this.#size++;
    return true;
  }

  /** Removes one socket, to free its descriptor. @returns the descriptor, or undefined when the pool is empty */
  evict(): number | undefined {
    if (this.#size === 0) return undefined;
    for (const [ip, shelf] of this.#shelves) {
      const fd = this.take(ip);
      if (shelf.fds.length === 0) this.#shelves.delete(ip);
      if (fd !== undefined) return fd;
    }
    return undefined;
  }

  /**
   * Removes the sockets that nothing has used since the last call; of each host the last one only after a minute or two without a check.
   * Called now and then.
   *
   * @param nowMs - of a monotonic clock
   * @returns their descriptors
   */
  trim(nowMs: number): number[] {
    const unused: number[] = [];
    const minuteOver = nowMs - this.#minuteMs >= UNUSED_MS;
    if (minuteOver) this.#minuteMs = nowMs;
    for (const [ip, shelf] of this.#shelves) {
      const { fds } = shelf;
      const kept = minuteOver && !shelf.used ? 0 : 1;
      if (minuteOver) shelf.used = false;
      unused.push(...fds.splice(0, Math.min(shelf.unused, Math.max(0, fds.length - kept))));
      shelf.unused = fds.length;
      // A host that uses its socket at this moment gets a new shelf.
      if (fds.length === 0) this.#shelves.delete(ip);
    }
    this.#size -= unused.length;
    return unused;
  }
}
