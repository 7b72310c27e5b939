/**
 * The C library through `bun:ffi`: every constant and struct layout that the process depends on is in this file. Linux on
 * x64 and arm64, glibc and musl. Sources: the kernel's uapi headers (socket.h, tcp.h, eventpoll.h, resource.h, time.h).
 */
import { dlopen, FFIType, read } from "bun:ffi";

/** glibc first, then musl's names; musl answers to the first one too, but does not promise it. */
const LIBRARIES = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1", "libc.so"];

const FUNCTIONS = {
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
  getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  getpeername: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  shutdown: { args: ["i32", "i32"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
  recv: { args: ["i32", "ptr", "u64", "i32"], returns: FFIType.i64_fast },
  recvmsg: { args: ["i32", "ptr", "i32"], returns: FFIType.i64_fast },
  send: { args: ["i32", "ptr", "u64", "i32"], returns: FFIType.i64_fast },
  sendto: { args: ["i32", "ptr", "u64", "i32", "ptr", "u32"], returns: FFIType.i64_fast },
  epoll_create1: { args: ["i32"], returns: "i32" },
  epoll_ctl: { args: ["i32", "i32", "i32", "ptr"], returns: "i32" },
  epoll_wait: { args: ["i32", "ptr", "i32", "i32"], returns: "i32" },
  getrlimit: { args: ["i32", "ptr"], returns: "i32" },
  setrlimit: { args: ["i32", "ptr"], returns: "i32" },
  clock_gettime: { args: ["i32", "ptr"], returns: "i32" },
  signal: { args: ["i32", "u64"], returns: "u64" },
  flock: { args: ["i32", "i32"], returns: "i32" },
  madvise: { args: ["u64", "u64", "i32"], returns: "i32" },
  /** With the arguments of renameat2(2), whose function musl and older glibc lack. */
  syscall: { args: ["i64", "i64", "ptr", "i64", "ptr", "i64"], returns: "i64" },
  __errno_location: { args: [], returns: "ptr" },
} as const;

/** The functions themselves. Buffers may be passed where C takes a pointer. */
export const libc = open().symbols;

const errnoAddress = libc.__errno_location();

/** `errno` of the call just made; to be read before anything else is called. */
export function errno(): number {
  return errnoAddress === null ? 0 : read.i32(errnoAddress, 0);
}

export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const AF_NETLINK = 16;
/** Protocol of netlink for links, addresses and routes. */
export const NETLINK_ROUTE = 0;
/** Groups of rtnetlink: links; addresses, routes and rules of IPv4; the same of IPv6. */
export const RTMGRP = 0x1 | (0x10 | 0x40 | 0x80) | (0x100 | 0x400 | 0x4_0000);
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;

export const SOL_SOCKET = 1;
export const SO_ERROR = 4;
/** Asks for the kernel's receive timestamp of each packet; also the type of the control message that carries it. */
export const SO_BROADCAST = 6;
export const SO_TIMESTAMPNS = 35;
export const SHUT_WR = 1;
export const SHUT_RDWR = 2;
export const MSG_PEEK = 0x02;
/** Reads the socket's error queue instead of its data. */
export const MSG_ERRQUEUE = 0x2000;
/** TCP socket flag: received bytes are dropped instead of copied. */
export const MSG_TRUNC = 0x20;
export const MSG_DONTWAIT = 0x40;
export const MSG_NOSIGNAL = 0x4000;
export const SO_LINGER = 13;
export const SO_PEERCRED = 17;
export const SO_BINDTODEVICE = 25;
export const SO_MARK = 36;
/** Send and receive buffers; the kernel grants at most `net.core.wmem_max` and `rmem_max`, and with CAP_NET_ADMIN any size by the last one. */
export const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
export const SO_RCVBUFFORCE = 33;
/** A classic BPF program that decides which packets a socket receives. */
export const SO_ATTACH_FILTER = 26;
/** Memory counters of a socket, an array of 32-bit numbers. */
export const SO_MEMINFO = 55;
/** Places in the array of {@link SO_MEMINFO}, and its length: bytes in the receive buffer, their limit, dropped packets. */
export const SK_MEMINFO = { used: 0, limit: 1, drops: 8, length: 9 } as const;
export const IPPROTO_ICMP = 1;
export const IPPROTO_TCP = 6;
export const IPPROTO_ICMPV6 = 58;
/** Bits of the ICMP types that a raw socket does not receive. */
export const SOL_RAW = 255;
export const ICMP_FILTER = 1;
export const ICMPV6_FILTER = 1;
export const SOL_IP = 0;
export const SOL_IPV6 = 41;
/** Leaves the choice of the port to `connect`, so that the ports of a source address do not run out early. */
export const IP_BIND_ADDRESS_NO_PORT = 24;
/** Puts a socket's ICMP errors into its error queue; also the type of the control message that carries one. */
export const IP_RECVERR = 11;
export const IPV6_RECVERR = 25;
/** The TTL of sent packets, the hop limit in IPv6. */
export const IP_TTL = 2;
export const IPV6_UNICAST_HOPS = 16;
/** 0 leaves the Don't Fragment bit out. */
export const IP_MTU_DISCOVER = 10;
export const TCP_INFO = 11;
/** 0 lets acknowledgments wait for data to ride on; before `connect` this holds for the handshake's last one too. */
export const TCP_QUICKACK = 12;

export const EPOLL_CLOEXEC = 0o2000000;
export const EPOLL_CTL_ADD = 1;
export const EPOLL_CTL_DEL = 2;
export const EPOLLIN = 0x001;
/** Urgent data came (RFC 6093). */
export const EPOLLPRI = 0x002;
export const EPOLLOUT = 0x004;
export const EPOLLERR = 0x008;
export const EPOLLHUP = 0x010;
export const EPOLLRDHUP = 0x2000;
/** Reports changes of readiness only (edge-triggered). */
export const EPOLLET = 1 << 31;

/**
 * `struct epoll_event`, which is packed on x64 only.
 *
 * @param arch - as `process.arch` names it
 * @returns its size, and where its `data` begins
 */
export function epollEventLayout(arch: string): { readonly bytes: number; readonly dataOffset: number } {
  return arch === "x64" ? { bytes: 12, dataOffset: 4 } : { bytes: 16, dataOffset: 8 };
}

export const { bytes: EPOLL_EVENT_BYTES, dataOffset: EPOLL_DATA_OFFSET } = epollEventLayout(process.arch);

/** `tcpi_state`, the first byte of `struct tcp_info`. */
export const TCP_ESTABLISHED = 1;
export const TCP_CLOSE = 7;
/** Offsets in `struct tcp_info`. */
export const TCP_INFO_LAST_DATA_RECV_OFFSET = 52;
export const TCP_INFO_RTT_US_OFFSET = 68;
export const TCP_INFO_TOTAL_RETRANS_OFFSET = 100;
/** As much of it as is asked for. */
export const TCP_INFO_BYTES = 104;

/** `struct msghdr` with one `struct iovec`: where their fields lie; the same on x64 and arm64, glibc and musl. */
export const MSGHDR = {
  bytes: 56,
  name: 0,
  nameLength: 8,
  iov: 16,
  iovLength: 24,
  control: 32,
  controlLength: 40,
} as const;
/** `struct cmsghdr`, and where its data begin. */
export const CMSGHDR = { level: 8, type: 12, data: 16 } as const;
/** `struct sock_extended_err`, and the address behind it: of the host that has sent the ICMP message. */
export const EXTENDED_ERROR = { origin: 4, type: 5, code: 6, offender: 16 } as const;
/** `ee_origin` of an ICMP message, by the family of the socket. */
export const SO_EE_ORIGIN_ICMP = 2;
export const SO_EE_ORIGIN_ICMP6 = 3;

export const RLIMIT_NOFILE = 7;
export const CLOCK_REALTIME = 0;
export const CLOCK_MONOTONIC = 1;
/** Monotonic, and runs while the machine is suspended. */
export const CLOCK_BOOTTIME = 7;
/** flock(2): exclusive, without waiting. */
export const LOCK_EX = 2;
export const LOCK_NB = 4;
export const MADV_DONTNEED = 4;

export const SYS_RENAMEAT2 = process.arch === "x64" ? 316 : 276;
/** Makes a relative path start at the working directory. */
export const AT_FDCWD = -100;
export const RENAME_NOREPLACE = 1;
export const RENAME_EXCHANGE = 2;

function open() {
  let lastError: unknown;
  for (const library of LIBRARIES) {
    try {
      return dlopen(library, FUNCTIONS);
    } catch (error) {
      lastError = error;
    }
  }
  throw new Error(`load the C library (${LIBRARIES.join(", ")})`, { cause: lastError });
}
