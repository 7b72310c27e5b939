/**
 * The service manager's notification socket (sd_notify(3), sd_watchdog_enabled(3)): where it is, and one datagram to it. It is a Unix
 * datagram socket, which the runtime does not have. What is told, and when, is decided in systemd-report.ts.
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

/** What a service manager has put into the environment. */
export interface SystemdNotifySettings {
  /** A path, or with an `@` in front the name of an abstract socket. */
  readonly address: string;
  /** It wants to hear from this process within so many milliseconds, again and again; undefined when it does not. */
  readonly watchdogMs: number | undefined;
}

/**
 * @param pid - of this process; a watchdog that waits for another one is none of its business
 * @returns undefined when no service manager listens
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

/** The socket, seen from the service. */
export class NotifySocket {
  readonly #address: SockAddr | undefined;
  readonly #failed: (why: string) => void;
  readonly #encoder = new TextEncoder();
  /** Kept open: who is out of descriptors is still alive. */
  #fd = -1;

  /** @param failed - hears why something could not be sent; a queue that is full for the moment is no reason */
  constructor(address: string, failed: (why: string) => void) {
    this.#failed = failed;
    this.#address = notifyAddress(address);
    if (this.#address === undefined) failed("not a path, not @ and a name, or too long");
  }

  /** Sends one datagram without waiting. @returns false when it has to be sent again */
  send(text: string): boolean {
    const address = this.#address;
    // There is nobody, and there never will be.
    if (address === undefined) return true;
    if (this.#fd < 0) this.#fd = libc.socket(address.family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (this.#fd < 0) return this.#fail();
    const data = this.#encoder.encode(text);
    // By address each time, so that a manager that has made its socket anew is found again.
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    const sent = libc.sendto(this.#fd, data, data.length, flags, address.bytes, address.bytes.length);
    return Number(sent) >= 0 || this.#fail();
  }

  /** Closes it. */
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

/** CLOCK_MONOTONIC in microseconds, the clock that service managers go by; the runtime's own begins with the process. */
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
