/**
 * What the sink needs of the C library beyond what the daemon itself uses (src/system/libc.ts): accepting, reading, writing
 * and napping. Called by loop.ts and its helpers. Linux, little-endian.
 */
import { dlopen, ptr } from "bun:ffi";

const { symbols } = dlopen("libc.so.6", {
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  listen: { args: ["i32", "i32"], returns: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  accept4: { args: ["i32", "usize", "usize", "i32"], returns: "i32" },
  epoll_create1: { args: ["i32"], returns: "i32" },
  epoll_ctl: { args: ["i32", "i32", "i32", "ptr"], returns: "i32" },
  epoll_wait: { args: ["i32", "ptr", "i32", "i32"], returns: "i32" },
  recv: { args: ["i32", "ptr", "usize", "i32"], returns: "i32" },
  send: { args: ["i32", "ptr", "usize", "i32"], returns: "i32" },
  recvfrom: { args: ["i32", "ptr", "usize", "i32", "ptr", "ptr"], returns: "i32" },
  sendto: { args: ["i32", "ptr", "usize", "i32", "ptr", "u32"], returns: "i32" },
  read: { args: ["i32", "ptr", "usize"], returns: "i32" },
  write: { args: ["i32", "ptr", "usize"], returns: "i32" },
  usleep: { args: ["u32"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
});

/** The functions themselves. */
export const libc = symbols;

const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_RCVBUF = 8;
const BACKLOG = 4_096;
const DATAGRAM_BUFFER_BYTES = 1 << 20;

/** Length of a `struct sockaddr_in`. */
export const SOCKADDR_BYTES = 16;
export const MSG_DONTWAIT = 0x40;
export const MSG_NOSIGNAL = 0x4000;

/**
 * A listening TCP socket, or a bound UDP socket; non-blocking.
 *
 * @param address - IPv4, numeric
 * @param backlog - of a listener
 * @returns undefined when the port is taken
 * @throws Error when no socket can be had: out of descriptors
 */
export function openSocket(
  kind: "tcp" | "udp",
  address: string,
  port: number,
  backlog = BACKLOG,
): number | undefined {
  const type = kind === "tcp" ? SOCK_STREAM : SOCK_DGRAM;
  const fd = libc.socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw new Error("sink: no socket: out of descriptors (see ulimit -n)");
  const option = kind === "tcp" ? SO_REUSEADDR : SO_RCVBUF;
  const value = new Int32Array([kind === "tcp" ? 1 : DATAGRAM_BUFFER_BYTES]);
  libc.setsockopt(fd, SOL_SOCKET, option, ptr(value), value.byteLength);
  const bytes = socketAddress(address, port);
  const bound = libc.bind(fd, ptr(bytes), bytes.byteLength) === 0;
  if (bound && (kind === "udp" || libc.listen(fd, backlog) === 0)) return fd;
  libc.close(fd);
  return undefined;
}

/** A `struct sockaddr_in`. */
function socketAddress(address: string, port: number): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(SOCKADDR_BYTES));
  bytes.setUint16(0, AF_INET, true);
  bytes.setUint16(2, port);
  for (const [index, part] of address.split(".").entries()) bytes.setUint8(4 + index, Number(part));
  return new Uint8Array(bytes.buffer);
}
