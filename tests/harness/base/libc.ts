/**
 * The few calls of libc that a black hole needs and Bun does not offer: a listener with a backlog of 0 and the
 * kernel's view of a socket. Called by blackhole.ts and its test.
 *
 * Written for Linux on little-endian machines (x86-64, arm64), like the daemon itself.
 */

import { dlopen, FFIType } from "bun:ffi";

const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const IPPROTO_TCP = 6;
const TCP_INFO = 11;
const TCP_INFO_BYTES = 104;

/** `tcpi_state` values that tests look at. */
export const TCP_STATE = { established: 1, synSent: 2, close: 7, listen: 10 } as const;

const { symbols: libc } = dlopen("libc.so.6", {
  socket: { args: [FFIType.i32, FFIType.i32, FFIType.i32], returns: FFIType.i32 },
  bind: { args: [FFIType.i32, FFIType.ptr, FFIType.u32], returns: FFIType.i32 },
  listen: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 },
  connect: { args: [FFIType.i32, FFIType.ptr, FFIType.u32], returns: FFIType.i32 },
  setsockopt: {
    args: [FFIType.i32, FFIType.i32, FFIType.i32, FFIType.ptr, FFIType.u32],
    returns: FFIType.i32,
  },
  getsockopt: {
    args: [FFIType.i32, FFIType.i32, FFIType.i32, FFIType.ptr, FFIType.ptr],
    returns: FFIType.i32,
  },
  close: { args: [FFIType.i32], returns: FFIType.i32 },
});

/** What the kernel says about a TCP socket. */
export interface TcpInfo {
  /** One of {@link TCP_STATE}, or another of the kernel's numbers. */
  readonly state: number;
  /** Unanswered transmissions of the oldest segment, the SYN included. */
  readonly retransmits: number;
  /** Of a listener: connections that wait for accept. */
  readonly waiting: number;
  /** Of a listener: its backlog. With more waiting than this, SYNs are dropped. */
  readonly backlog: number;
}

/**
 * A listening descriptor that nobody accepts from.
 * @throws Error when the address cannot be bound
 */
export function listenTcp(hostname: string, port: number, backlog: number): number {
  const fd = openTcp();
  const one = new Int32Array([1]);
  libc.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, one, one.byteLength);
  const address = socketAddress(hostname, port);
  if (libc.bind(fd, address, address.byteLength) === 0 && libc.listen(fd, backlog) === 0) return fd;
  closeFd(fd);
  throw new Error(`listen on ${hostname}:${port} with libc failed`);
}

/** A descriptor that has begun to connect; {@link tcpInfo} tells how far it got. */
export function connectTcp(hostname: string, port: number): number {
  const fd = openTcp();
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

function openTcp(): number {
  const fd = libc.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw new Error("socket() failed: out of descriptors?");
  return fd;
}

/** A `struct sockaddr_in`. */
function socketAddress(hostname: string, port: number): Uint8Array {
  const address = new DataView(new ArrayBuffer(16));
  address.setUint16(0, AF_INET, true);
  address.setUint16(2, port);
  for (const [index, part] of hostname.split(".").entries()) address.setUint8(4 + index, Number(part));
  return new Uint8Array(address.buffer);
}
