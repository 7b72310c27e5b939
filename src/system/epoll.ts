/** An epoll instance that is asked, never waited for: which of the descriptors under watch have become writable or failed. */
import { errnoWords } from "./errno.ts";
import {
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_DATA_OFFSET,
  EPOLL_EVENT_BYTES,
  EPOLLERR,
  EPOLLHUP,
  EPOLLONESHOT,
  EPOLLOUT,
  errno,
  libc,
} from "./libc.ts";

const EVENTS_PER_WAIT = 512;

/**
 * Hears of one descriptor.
 *
 * @param serial - what it was put under watch with; it tells a descriptor from an earlier one with the same number
 * @param failed - whether the socket holds an error
 */
export type OnEvent = (fd: number, serial: number, failed: boolean) => void;

/** See the head of the file. */
export class Epoll {
  readonly #epollFd: number;
  readonly #onEvent: OnEvent;
  // Reused for every call: the hot path allocates none.
  readonly #events = new Uint8Array(EVENTS_PER_WAIT * EPOLL_EVENT_BYTES);
  readonly #eventsView = new DataView(this.#events.buffer);
  readonly #event = new Uint8Array(EPOLL_EVENT_BYTES);
  readonly #eventView = new DataView(this.#event.buffer);

  /** @throws Error when the kernel gives no instance */
  constructor(onEvent: OnEvent) {
    this.#onEvent = onEvent;
    this.#epollFd = libc.epoll_create1(EPOLL_CLOEXEC);
    if (this.#epollFd < 0) throw new Error(`create an epoll instance: ${errnoWords(errno())}`);
  }

  /**
   * Puts a descriptor under watch, for one event; closing it ends the watch.
   *
   * @returns whether the kernel agreed; if not, `errno` says why
   */
  watch(fd: number, serial: number): boolean {
    this.#eventView.setUint32(0, EPOLLOUT | EPOLLONESHOT, true);
    this.#eventView.setUint32(EPOLL_DATA_OFFSET, fd, true);
    this.#eventView.setUint32(EPOLL_DATA_OFFSET + 4, serial, true);
    return libc.epoll_ctl(this.#epollFd, EPOLL_CTL_ADD, fd, this.#event) === 0;
  }

  /** Tells of everything that has happened; returns at once. */
  poll(): void {
    let count = EVENTS_PER_WAIT;
    while (count === EVENTS_PER_WAIT) {
      count = libc.epoll_wait(this.#epollFd, this.#events, EVENTS_PER_WAIT, 0);
      for (let index = 0; index < count; index++) {
        const offset = index * EPOLL_EVENT_BYTES;
        const events = this.#eventsView.getUint32(offset, true);
        const fd = this.#eventsView.getUint32(offset + EPOLL_DATA_OFFSET, true);
        const serial = this.#eventsView.getUint32(offset + EPOLL_DATA_OFFSET + 4, true);
        this.#onEvent(fd, serial, (events & (EPOLLERR | EPOLLHUP)) !== 0);
      }
    }
  }
}
