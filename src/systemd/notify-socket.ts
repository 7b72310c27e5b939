/**
 * The notification socket of systemd (sd_notify(3), sd_watchdog_enabled(3)): its address, and one datagram to it. It is a Unix
 * datagram socket, which the runtime lacks. watchdog-report.ts decides what is sent and when.
 */
import { EAGAIN, errnoMessage } from "../system/errno.ts";
import {
  CLOCK_MONOTONIC,
  errno,
  libc,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
} from "../system/libc.ts";
import { abstractSockAddr, type SockAddr, unixSockAddr } from "../system/sockaddr.ts";

const NS_PER_US = 1_000n;
const US_PER_S = 1_000_000n;

/** Notification settings from the environment that systemd has set. */
export interface SystemdNotifySettings {
  /** A path, or with an `@` in front the name of an abstract socket. */
  readonly address: string;
  /** Time within which systemd expects each watchdog ping; undefined without a watchdog. */
  readonly watchdogMs: number | undefined;
}

/**
 * Reads the settings from the environment.
 *
 * @param pid - of this process; a watchdog for another process is ignored
 * @returns undefined if systemd does not listen
 */
export function notifySettings(
  env: Readonly<Record<string, string | undefined>>,
  pid: number,
): SystemdNotifySettings | undefined {
  const address = env["NOTIFY_SOCKET"] ?? "";
  if (address === "") return undefined;
  const watchdogPid = env["WATCHDOG_PID"] ?? "";
  const isMeant = watchdogPid === "" || watchdogPid === String(pid);
  const us = /^[0-9]{1,15}$/.test(env["WATCHDOG_USEC"] ?? "") ? Number(env["WATCHDOG_USEC"]) : 0;
  return { address, watchdogMs: isMeant && us > 0 ? us / 1_000 : undefined };
}

/** Sends datagrams to the notification socket of systemd. */
export class NotifySocket {
  readonly #address: SockAddr | undefined;
  readonly #failed: (why: string) => void;
  readonly #encoder = new TextEncoder();
  /** Kept open, so that a process that is out of descriptors can still report that it is alive. */
  #fd = -1;

  /** @param failed - receives the reason why a datagram cannot be sent; not called while the queue is full */
  constructor(address: string, failed: (why: string) => void) {
    this.#failed = failed;
    this.#address = notifyAddress(address);
    if (this.#address === undefined) failed("not a path, not @ and a name, or too long");
  }

  /** Sends one datagram without waiting. @returns false if it has to be sent again */
  send(text: string): boolean {
    const address = this.#address;
    // The address is invalid, so nothing can be sent now or later.
    if (address === undefined) return true;
    if (this.#fd < 0) this.#fd = libc.socket(address.family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (this.#fd < 0) return this.#fail();
    const data = this.#encoder.encode(text);
    // By address each time, in case systemd has recreated its socket.
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    const sent = libc.sendto(this.#fd, data, data.length, flags, address.bytes, address.bytes.length);
    return Number(sent) >= 0 || this.#fail();
  }

  /** Closes the socket. */
  close(): void {
    if (this.#fd >= 0) libc.close(this.#fd);
    this.#fd = -1;
  }

  #fail(): false {
    const number = errno();
    if (number !== EAGAIN) this.#failed(errnoMessage(number));
    return false;
  }
}

/** Returns CLOCK_MONOTONIC in microseconds, the clock of systemd; that of the runtime begins with the process. */
export function monotonicUs(): bigint {
  const time = new BigInt64Array(2);
  libc.clock_gettime(CLOCK_MONOTONIC, time);
  const [seconds = 0n, nanoseconds = 0n] = time;
  return seconds * US_PER_S + nanoseconds / NS_PER_US;
}

function notifyAddress(address: string): SockAddr | undefined {
  if (address.startsWith("/")) return unixSockAddr(address);
  return address.startsWith("@") && address.length > 1 ? abstractSockAddr(address.slice(1)) : undefined;
}
