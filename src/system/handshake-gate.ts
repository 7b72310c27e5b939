/**
 * TLS handshakes whose next message has arrived and waits for this process. The runtime serves five of them in each
 * turn of its loop, the newest first; when more arrive than it can serve, the oldest starve, and healthy backends would
 * seem too slow. So no check starts while many wait. A silent backend is not counted, and delays no check.
 */
import { errnoMessage } from "./errno.ts";
import {
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_EVENT_BYTES,
  EPOLLIN,
  errno,
  libc,
} from "./libc.ts";

/** Handshakes that may wait; two turns of the event loop serve about this number. */
const MAX_WAITING = 10;

/** Counts the TLS handshakes whose next message has arrived but is not read yet, so that no check starts while they are at their bound. */
export class HandshakeGate {
  readonly #epollFd: number;
  readonly #event = new Uint8Array(EPOLL_EVENT_BYTES);
  readonly #events = new Uint8Array(MAX_WAITING * EPOLL_EVENT_BYTES);
  #underWay = 0;

  /** @throws Error when the kernel gives no epoll instance */
  constructor() {
    this.#epollFd = libc.epoll_create1(EPOLL_CLOEXEC);
    if (this.#epollFd < 0) throw new Error(`create an epoll instance: ${errnoMessage(errno())}`);
    new DataView(this.#event.buffer).setUint32(0, EPOLLIN, true);
  }

  /** True when many handshakes wait for this process. */
  get saturated(): boolean {
    if (this.#underWay < MAX_WAITING) return false;
    return libc.epoll_wait(this.#epollFd, this.#events, MAX_WAITING, 0) === MAX_WAITING;
  }

  /** A handshake begins. */
  begin(fd: number): void {
    this.#underWay++;
    libc.epoll_ctl(this.#epollFd, EPOLL_CTL_ADD, fd, this.#event);
  }

  /** A handshake has ended; once for each that has begun. @param fd - undefined when it is closed already */
  end(fd: number | undefined): void {
    this.#underWay--;
    if (fd !== undefined) libc.epoll_ctl(this.#epollFd, EPOLL_CTL_DEL, fd, this.#event);
  }
}
