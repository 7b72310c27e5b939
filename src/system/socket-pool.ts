/**
 * TCP sockets that a check has reset and the next check connects again. Linux lets `connect` with AF_UNSPEC disconnect a TCP socket: it sends
 * RST and forgets everything but the options (connect(2)). Making and closing a socket is a third of what a bare TCP check costs.
 */

/** Maximum number of sockets of each address family that wait for the next check. */
const MAX_POOLED = 64;

/** The sockets of one address family. */
interface Shelf {
  readonly fds: number[];
  /** Smallest number of sockets since the last {@link SocketPool.trim}: that number was not needed. */
  unused: number;
}

/** Unconnected sockets that are open and counted. It makes no system calls. */
export class SocketPool {
  readonly #shelves = new Map<number, Shelf>();
  readonly #max: number;

  /** Creates an empty pool. @param maxDescriptors - descriptors that all checks may hold; the pool takes a small share of them */
  constructor(maxDescriptors: number) {
    this.#max = Math.min(MAX_POOLED, Math.floor(maxDescriptors / 32));
  }

  /** Takes a socket. @param family - AF_INET or AF_INET6. @returns its descriptor, or undefined when the pool has no socket of the family */
  take(family: number): number | undefined {
    const shelf = this.#shelves.get(family);
    const fd = shelf?.fds.pop();
    if (shelf !== undefined && shelf.fds.length < shelf.unused) shelf.unused = shelf.fds.length;
    return fd;
  }

  /** Puts a socket in. @returns false when there is no room */
  put(family: number, fd: number): boolean {
    let shelf = this.#shelves.get(family);
    if (shelf === undefined) {
      shelf = { fds: [], unused: 0 };
      this.#shelves.set(family, shelf);
    }
    if (shelf.fds.length >= this.#max) return false;
    shelf.fds.push(fd);
    return true;
  }

  /** Removes one socket, to free its descriptor. @returns the descriptor, or undefined when the pool is empty */
  evict(): number | undefined {
    for (const family of this.#shelves.keys()) {
      const fd = this.take(family);
      if (fd !== undefined) return fd;
    }
    return undefined;
  }

  /** Removes the sockets that nothing has used since the last call. @returns their descriptors */
  trim(): number[] {
    const unused: number[] = [];
    for (const shelf of this.#shelves.values()) {
      unused.push(...shelf.fds.splice(0, shelf.unused));
      shelf.unused = shelf.fds.length;
    }
    return unused;
  }
}
