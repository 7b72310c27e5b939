/** One epoll instance, asked without waiting. Called by loop.ts. */
import { ptr } from "bun:ffi";
import {
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_DATA_OFFSET,
  EPOLL_EVENT_BYTES,
  EPOLLERR,
  EPOLLHUP,
} from "../../../../src/system/libc.ts";
import { libc } from "../../../../tests/harness/base/libc.ts";

const EVENTS_PER_CALL = 512;
const EPOLLIN = 0x001;
const EPOLLRDHUP = 0x2000;

/** Descriptors that may become readable. */
export class Poller {
  readonly #fd = libc.epoll_create1(EPOLL_CLOEXEC);
  readonly #event = new DataView(new ArrayBuffer(EPOLL_EVENT_BYTES));
  readonly #eventPtr = ptr(this.#event);
  readonly #events = new DataView(new ArrayBuffer(EPOLL_EVENT_BYTES * EVENTS_PER_CALL));
  readonly #eventsPtr = ptr(this.#events);

  /** Takes a descriptor in; closing it takes it out. */
  add(fd: number): void {
    this.#event.setUint32(0, EPOLLIN | EPOLLRDHUP, true);
    this.#event.setUint32(EPOLL_DATA_OFFSET, fd, true);
    libc.epoll_ctl(this.#fd, EPOLL_CTL_ADD, fd, this.#eventPtr);
  }

  /**
   * Reports every descriptor that is ready now.
   *
   * @param onReady - `gone` when the peer has reset the connection
   * @returns their number
   */
  poll(onReady: (fd: number, gone: boolean) => void): number {
    const count = libc.epoll_wait(this.#fd, this.#eventsPtr, EVENTS_PER_CALL, 0);
    for (let index = 0; index < count; index++) {
      const offset = index * EPOLL_EVENT_BYTES;
      const events = this.#events.getUint32(offset, true);
      const fd = this.#events.getUint32(offset + EPOLL_DATA_OFFSET, true);
      onReady(fd, (events & (EPOLLERR | EPOLLHUP)) !== 0);
    }
    return count;
  }
}
