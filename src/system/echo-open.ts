/**
 * Opens ICMP sockets: a ping socket where this host allows it (`net.ipv4.ping_group_range`), else a raw socket (CAP_NET_RAW). Each has a random
 * identifier. Used by the echo sockets.
 */
import { randomInt } from "node:crypto";
import { attachEchoFilter } from "./echo-filter.ts";
import type { EchoPath } from "./echo-request.ts";
import { EACCES, EADDRINUSE, EPERM } from "./errno.ts";
import {
  AF_INET,
  AF_INET6,
  errno,
  IP_MTU_DISCOVER,
  IP_RECVERR,
  IP_TTL,
  IPPROTO_ICMP,
  IPPROTO_ICMPV6,
  IPV6_RECVERR,
  IPV6_UNICAST_HOPS,
  libc,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_SNDBUF,
  SOCK_DGRAM,
  SOCK_RAW,
  SOL_IP,
  SOL_IPV6,
  SOL_SOCKET,
} from "./libc.ts";
import { sockAddr } from "./sockaddr.ts";
import { PreparedOptions } from "./socket-options.ts";
import type { SetupFailure } from "./socket-setup.ts";
import type { Sockets } from "./sockets.ts";

const ON = new Int32Array([1]);
const OFF = new Int32Array([0]);
/** Room for the answers of a second at 10,000 requests per second; the kernel may grant less. */
const RECEIVE_BUFFER = new Int32Array([8 * 1024 * 1024]);
const SEND_BUFFER = new Int32Array([1024 * 1024]);
/** An identifier in use is taken by chance only; after this many the host has no free one. */
const MAX_IDS = 32;

/** Failure of a host that grants neither permission. */
const NO_PERMISSION: SetupFailure = {
  cause: "permission",
  message:
    "open an ICMP socket: operation not permitted; grant CAP_NET_RAW to the service, or let net.ipv4.ping_group_range include its group",
};

/** An open ICMP socket, or the reason why it could not be opened. */
export interface OpenedEcho {
  /** Negative when it could not be opened. */
  readonly fd: number;
  /** 0, or the errno of the failure. */
  readonly number: number;
  /** The rejected option or missing permission, if that is the reason of the failure. */
  readonly failure: SetupFailure | undefined;
  /** The identifier of every request that it sends. */
  readonly id: number;
  /** False for a raw socket. */
  readonly isPing: boolean;
  readonly options: PreparedOptions | undefined;
}

/** Opens and counts a socket with the settings of a path. */
export function openEcho(sockets: Sockets, path: EchoPath): OpenedEcho {
  const opened = openPing(sockets, path);
  // A kernel without ping sockets reports EPROTONOSUPPORT; one that does not allow them to this group EACCES.
  if (opened.fd < 0 && opened.failure === undefined && opened.number !== EADDRINUSE)
    return openRaw(sockets, path);
  return opened;
}

function openPing(sockets: Sockets, path: EchoPath): OpenedEcho {
  for (let attempt = 1; ; attempt++) {
    const id = randomInt(1, 0x1_0000);
    const options = prepared(path, id);
    const fd = sockets.open({ family: familyOf(path), setup: options }, SOCK_DGRAM, protocolOf(path));
    const { setupFailure } = sockets;
    // The source address is bound together with the identifier.
    const isTaken = fd < 0 ? setupFailure?.cause === "ports" : !bindId(fd, path, id);
    if (isTaken && attempt < MAX_IDS) {
      if (fd >= 0) sockets.closeDescriptor(fd);
      continue;
    }
    if (fd < 0) return failed(-fd, setupFailure);
    if (isTaken) {
      sockets.closeDescriptor(fd);
      return failed(EADDRINUSE);
    }
    // Without it the kernel keeps ICMP errors to itself.
    if (path.isIpv6) libc.setsockopt(fd, SOL_IPV6, IPV6_RECVERR, ON, 4);
    else libc.setsockopt(fd, SOL_IP, IP_RECVERR, ON, 4);
    prepare(sockets, fd, path);
    return { fd, number: 0, failure: undefined, id, isPing: true, options };
  }
}

function openRaw(sockets: Sockets, path: EchoPath): OpenedEcho {
  const id = randomInt(1, 0x1_0000);
  const options = prepared(path, id);
  const fd = sockets.open({ family: familyOf(path), setup: options }, SOCK_RAW, protocolOf(path));
  const { setupFailure } = sockets;
  if (fd < 0) {
    const isForbidden = setupFailure === undefined && (-fd === EPERM || -fd === EACCES);
    return failed(-fd, isForbidden ? NO_PERMISSION : setupFailure);
  }
  if (!attachEchoFilter(fd, path.isIpv6, id)) {
    const number = errno();
    sockets.closeDescriptor(fd);
    return failed(number);
  }
  prepare(sockets, fd, path);
  return { fd, number: 0, failure: undefined, id, isPing: false, options };
}

function failed(number: number, failure?: SetupFailure): OpenedEcho {
  return { fd: -1, number, failure, id: 0, isPing: false, options: undefined };
}

function prepared({ options }: EchoPath, id: number): PreparedOptions | undefined {
  return options === undefined ? undefined : new PreparedOptions(options, id);
}

/** Binds a ping socket to its identifier, unless its options have done so. */
function bindId(fd: number, { isIpv6, options }: EchoPath, id: number): boolean {
  if (options?.sourceIp !== undefined) return true;
  const { bytes } = sockAddr({ ip: isIpv6 ? "::" : "0.0.0.0", port: id });
  return libc.bind(fd, bytes, bytes.length) === 0;
}

function prepare({ receiver }: Sockets, fd: number, { isIpv6, ttl }: EchoPath): void {
  receiver.stamp(fd);
  if (libc.setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER, 4) !== 0)
    libc.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER, 4);
  libc.setsockopt(fd, SOL_SOCKET, SO_SNDBUF, SEND_BUFFER, 4);
  // Routers may fragment a request, as they may fragment an answer.
  if (!isIpv6) libc.setsockopt(fd, SOL_IP, IP_MTU_DISCOVER, OFF, 4);
  if (ttl === undefined) return;
  const hops = new Int32Array([ttl]);
  if (isIpv6) libc.setsockopt(fd, SOL_IPV6, IPV6_UNICAST_HOPS, hops, 4);
  else libc.setsockopt(fd, SOL_IP, IP_TTL, hops, 4);
}

function familyOf({ isIpv6 }: EchoPath): number {
  return isIpv6 ? AF_INET6 : AF_INET;
}

function protocolOf({ isIpv6 }: EchoPath): number {
  return isIpv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
}
