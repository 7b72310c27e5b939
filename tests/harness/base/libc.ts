/**
 * C library functions that the harness and the benchmark's sinks need and Bun does not offer: sockets with a chosen
 * backlog, the kernel's view of one, and the plain calls of a loop without an event loop. All others are those of the
 * server itself, in src/system/libc.ts.
 *
 * Written for Linux on little-endian machines (x86-64, arm64), like the server itself.
 */
import { dlopen } from "bun:ffi";

const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_RCVBUF = 8;
const IPPROTO_TCP = 6;
const TCP_INFO = 11;
const TCP_INFO_BYTES = 104;
const BACKLOG = 4_096;
const DATAGRAM_BUFFER_BYTES = 1 << 20;

/** Length of a `struct sockaddr_in`. */
export const SOCKADDR_BYTES = 16;
/** Flags of `recv` and `send` (recv(2), send(2)). */
export const MSG_DONTWAIT = 0x40;
export const MSG_NOSIGNAL = 0x4000;

/** `tcpi_state` values that tests look at. */
export const TCP_STATE = { established: 1, synSent: 2, close: 7, listen: 10 } as const;

const { symbols } = dlopen("libc.so.6", {
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  listen: { args: ["i32", "i32"], returns: "i32" },
  connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
  accept4: { args: ["i32", "usize", "usize", "i32"], returns: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
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

/** The kernel's information about a TCP socket. */
export interface TcpInfo {
  /** One of {@link TCP_STATE}, or another of the kernel's numbers. */
  readonly state: number;
  /** Unanswered transmissions of the oldest segment, the SYN included. */
  readonly retransmits: number;
  /** Listener: connections that wait for accept. */
  readonly waiting: number;
  /** Listener: its backlog. With more connections waiting, SYNs are dropped. */
  readonly backlog: number;
}

/**
 * A listening TCP socket, or a bound UDP socket; non-blocking.
 *
 * @param hostname - IPv4, numeric
 * @param backlog - of a TCP listener
 * @returns undefined when the address cannot be bound
 * @throws Error when the process is out of descriptors
 */
export function openSocket(
  kind: "tcp" | "udp",
  hostname: string,
  port: number,
  backlog = BACKLOG,
): number | undefined {
  const fd = newSocket(kind === "tcp" ? SOCK_STREAM : SOCK_DGRAM);
  const option = kind === "tcp" ? SO_REUSEADDR : SO_RCVBUF;
  const value = new Int32Array([kind === "tcp" ? 1 : DATAGRAM_BUFFER_BYTES]);
  libc.setsockopt(fd, SOL_SOCKET, option, value, value.byteLength);
  const address = socketAddress(hostname, port);
  const bound = libc.bind(fd, address, address.byteLength) === 0;
  if (bound && (kind === "udp" || libc.listen(fd, backlog) === 0)) return fd;
  libc.close(fd);
  return undefined;
}

/**
 * Opens a listening descriptor that never accepts.
 * @throws Error when the address cannot be bound
 */
export function listenTcp(hostname: string, port: number, backlog: number): number {
  const fd = openSocket("tcp", hostname, port, backlog);
  if (fd === undefined) throw new Error(`listen on ${hostname}:${port} with libc failed`);
  return fd;
}

/** Opens a descriptor that has begun to connect; {@link tcpInfo} shows its progress. */
export function connectTcp(hostname: string, port: number): number {
  const fd = newSocket(SOCK_STREAM);
  const address = socketAddress(hostname, port);
  libc.connect(fd, address, address.byteLength);
  return fd;
}

/** Asks the kernel about a TCP descriptor. */
export function tcpInfo(fd: number): TcpInfo {
  const info = new Uint8Array(TCP_INFO_BYTES);
  const length = new Uint32Array([info.byteLength]);
  if (libc.getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, length) !== 0) throw new Error("TCP_INFO failed");
  const view = new DataView(info.buffer);
  return {
    state: view.getUint8(0),
    retransmits: view.getUint8(2),
    waiting: view.getUint32(24, true),
    backlog: view.getUint32(28, true),
  };
}

/** Closes a descriptor. */
export function closeFd(fd: number): void {
  libc.close(fd);
}

function newSocket(type: number): number {
  const fd = libc.socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw new Error("socket() failed: out of descriptors (see ulimit -n)");
  return fd;
}

/** A `struct sockaddr_in`. */
function socketAddress(hostname: string, port: number): Uint8Array {
  const address = new DataView(new ArrayBuffer(SOCKADDR_BYTES));
  address.setUint16(0, AF_INET, true);
  address.setUint16(2, port);
  for (const [index, part] of hostname.split(".").entries()) address.setUint8(4 + index, Number(part));
  return new Uint8Array(address.buffer);
}
