/**
 * The epoll instance of the checks' sockets. The scheduler polls it without waiting, on each tick. A descriptor is added once and reports
 * each change of readiness from then on (edge-triggered), so a socket costs one `epoll_ctl`, from connect to close.
 */
import { errnoMessage } from "./errno.ts";
import {
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_DATA_OFFSET,
  EPOLL_EVENT_BYTES,
  EPOLLET,
  errno,
  libc,
} from "./libc.ts";

const EVENTS_PER_WAIT = 512;

/**
 * Receives the readiness of one descriptor.
 *
 * @param fd - the descriptor
 * @param serial - the number it was added with; distinguishes a descriptor from an earlier one of the same number
 * @param events - EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLHUP and EPOLLERR, as bits
 */
export type OnEvent = (fd: number, serial: number, events: number) => void;

/** An epoll instance that is polled, never waited for. */
export class Epoll {
  readonly #epollFd: number;
  readonly #onEvent: OnEvent;
  // Reused for every call: the hot path allocates none.
  readonly #events = new Uint8Array(EVENTS_PER_WAIT * EPOLL_EVENT_BYTES);
  readonly #eventsView = new DataView(this.#events.buffer);
  readonly #event = new Uint8Array(EPOLL_EVENT_BYTES);
  readonly #eventView = new DataView(this.#event.buffer);

  /** @throws Error when the kernel gives no epoll instance */
  constructor(onEvent: OnEvent) {
    this.#onEvent = onEvent;
    this.#epollFd = libc.epoll_create1(EPOLL_CLOEXEC);
    if (this.#epollFd < 0) throw new Error(`create an epoll instance: ${errnoMessage(errno())}`);
  }

  /**
   * Adds a descriptor; closing it removes it. Events that are ready already are reported by the next {@link poll}.
   *
   * @param interest - EPOLLIN, EPOLLOUT and EPOLLRDHUP, as bits; EPOLLERR and EPOLLHUP are always reported
   * @returns false when the kernel rejected it; `errno` has the reason
   */
  add(fd: number, serial: number, interest: number): boolean {
    this.#eventView.setInt32(0, interest | EPOLLET, true);
    this.#eventView.setUint32(EPOLL_DATA_OFFSET, fd, true);
    this.#eventView.setUint32(EPOLL_DATA_OFFSET + 4, serial, true);
    return libc.epoll_ctl(this.#epollFd, EPOLL_CTL_ADD, fd, this.#event) === 0;
  }

  /** Removes a descriptor that stays open. */
  remove(fd: number): void {
    libc.epoll_ctl(this.#epollFd, EPOLL_CTL_DEL, fd, this.#event);
  }

  /** Reports every change since the last call; returns without waiting. */
  poll(): void {
    let count = EVENTS_PER_WAIT;
    while (count === EVENTS_PER_WAIT) {
      count = libc.epoll_wait(this.#epollFd, this.#events, EVENTS_PER_WAIT, 0);
      for (let index = 0; index < count; index++) {
        const offset = index * EPOLL_EVENT_BYTES;
        const events = this.#eventsView.getUint32(offset, true);
        const fd = this.#eventsView.getUint32(offset + EPOLL_DATA_OFFSET, true);
        const serial = this.#eventsView.getUint32(offset + EPOLL_DATA_OFFSET + 4, true);
        this.#onEvent(fd, serial, events);
      }
    }
  }
}
