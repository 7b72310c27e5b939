/**
 * The error queue of a UDP or ping socket (IP_RECVERR, IPV6_RECVERR): the ICMP message behind an errno, its sender, and the packet that it
 * is about. Read only when a socket has failed.
 */
import {
  CMSGHDR,
  EXTENDED_ERROR,
  IP_RECVERR,
  IPV6_RECVERR,
  libc,
  MSG_DONTWAIT,
  MSG_ERRQUEUE,
  MSGHDR,
  SO_EE_ORIGIN_ICMP,
  SO_EE_ORIGIN_ICMP6,
  SOL_IP,
  SOL_IPV6,
} from "./libc.ts";
import { bufferAddress } from "./receiver.ts";
import { type SockAddr, sockAddrIp } from "./sockaddr.ts";

const CONTROL_BYTES = 512;
/** As much of the packet as identifies an ICMP echo, and more than most routers quote. */
const PACKET_BYTES = 128;
const NAME_BYTES = 28;
const IOVEC_BYTES = 16;
/** `struct cmsghdr` begins with its length, header included; the next one begins at a multiple of 8. */
const CONTROL_ALIGN = 8;

/** ICMP messages by type and code, as tcpdump and traceroute name them (RFC 792, RFC 1812, 5.2.7.1). */
const ICMP: Readonly<Record<string, string>> = {
  "3.0": "net unreachable",
  "3.1": "host unreachable",
  "3.2": "protocol unreachable",
  "3.3": "port unreachable",
  "3.4": "fragmentation needed",
  "3.5": "source route failed",
  "3.6": "net unknown",
  "3.7": "host unknown",
  "3.8": "host isolated",
  "3.9": "net prohibited",
  "3.10": "host prohibited",
  "3.11": "net unreachable for TOS",
  "3.12": "host unreachable for TOS",
  "3.13": "administratively prohibited",
  "3.14": "host precedence violation",
  "3.15": "precedence cutoff",
  "11.0": "TTL exceeded",
  "11.1": "reassembly time exceeded",
  "12.0": "parameter problem",
};

/** The same for IPv6 (RFC 4443). */
const ICMP6: Readonly<Record<string, string>> = {
  "1.0": "no route to destination",
  "1.1": "administratively prohibited",
  "1.2": "beyond scope of source address",
  "1.3": "address unreachable",
  "1.4": "port unreachable",
  "1.5": "source address failed policy",
  "1.6": "reject route",
  "2.0": "packet too big",
  "3.0": "hop limit exceeded",
  "3.1": "reassembly time exceeded",
  "4.0": "parameter problem",
};

/** An ICMP message from an error queue. */
export interface QueuedError {
  readonly isIpv6: boolean;
  readonly type: number;
  readonly code: number;
  /** Address of the host that has sent the message; undefined when the kernel does not know it. */
  readonly offender: string | undefined;
  /** The destination of the packet that the message is about: a `struct sockaddr`. Valid until the next call. */
  readonly target: Uint8Array;
  /** The beginning of that packet, behind its IP header. Valid until the next call. */
  readonly packet: Uint8Array;
}

/**
 * Names an ICMP message.
 *
 * @returns `host unreachable`; undefined for a message that is not a known error
 */
export function icmpErrorName(isIpv6: boolean, type: number, code: number): string | undefined {
  return (isIpv6 ? ICMP6 : ICMP)[`${type}.${code}`];
}

/** Reads error queues; one instance serves every socket of the process. */
export class ErrorQueue {
  // The buffers are made before the views: taking `.buffer` of a small typed array would move its bytes.
  readonly #header = new ArrayBuffer(MSGHDR.bytes + IOVEC_BYTES);
  readonly #control = new ArrayBuffer(CONTROL_BYTES);
  readonly #headerBytes = new Uint8Array(this.#header);
  readonly #controlBytes = new Uint8Array(this.#control);
  readonly #headerView = new DataView(this.#header);
  readonly #controlView = new DataView(this.#control);
  readonly #target = new Uint8Array(new ArrayBuffer(NAME_BYTES));
  readonly #packet = new Uint8Array(new ArrayBuffer(PACKET_BYTES));

  /**
   * Takes the oldest error from the queue.
   *
   * @param peer - the address that the socket talks to
   * @returns `ICMP port unreachable`, with ` from 10.0.0.1` when another host than the peer has sent it; empty when no ICMP message is queued
   */
  read(fd: number, peer: SockAddr): string {
    const error = this.next(fd);
    if (error === undefined || error === "other") return "";
    const { isIpv6, type, code, offender } = error;
    const message = `ICMP ${icmpErrorName(isIpv6, type, code) ?? `type ${type} code ${code}`}`;
    const { buffer, byteOffset, byteLength } = peer.bytes;
    const asked = sockAddrIp(new DataView(buffer, byteOffset, byteLength), 0);
    return offender === undefined || offender === asked ? message : `${message} from ${offender}`;
  }

  /**
   * Takes the oldest error from the queue.
   *
   * @returns undefined when the queue is empty, `other` for an error that is not an ICMP message
   */
  next(fd: number): QueuedError | "other" | undefined {
    this.#headerBytes.fill(0);
    this.#setPointer(MSGHDR.name, this.#target);
    this.#headerView.setUint32(MSGHDR.nameLength, NAME_BYTES, true);
    const headerAt = bufferAddress(this.#headerBytes);
    this.#headerView.setBigUint64(MSGHDR.iov, BigInt(headerAt + MSGHDR.bytes), true);
    this.#headerView.setBigUint64(MSGHDR.iovLength, 1n, true);
    this.#setPointer(MSGHDR.bytes, this.#packet);
    this.#headerView.setBigUint64(MSGHDR.bytes + 8, BigInt(PACKET_BYTES), true);
    this.#setPointer(MSGHDR.control, this.#controlBytes);
    this.#headerView.setBigUint64(MSGHDR.controlLength, BigInt(CONTROL_BYTES), true);
    const count = Number(libc.recvmsg(fd, this.#headerBytes, MSG_ERRQUEUE | MSG_DONTWAIT));
    if (count < 0) return undefined;
    const at = this.#find(this.#headerView.getUint32(MSGHDR.controlLength, true));
    return at === undefined ? "other" : this.#extended(at, count);
  }

  #setPointer(at: number, bytes: Uint8Array): void {
    this.#headerView.setBigUint64(at, BigInt(bufferAddress(bytes)), true);
  }

  /** Returns the offset of the extended error; before it the kernel may put other messages, a timestamp for example. */
  #find(controlLength: number): number | undefined {
    for (let at = 0; at + CMSGHDR.data <= controlLength; ) {
      const level = this.#controlView.getInt32(at + CMSGHDR.level, true);
      const type = this.#controlView.getInt32(at + CMSGHDR.type, true);
      if (level === SOL_IP && type === IP_RECVERR) return at + CMSGHDR.data;
      if (level === SOL_IPV6 && type === IPV6_RECVERR) return at + CMSGHDR.data;
      const length = Number(this.#controlView.getBigUint64(at, true));
      if (length === 0) return undefined;
      at += Math.ceil(length / CONTROL_ALIGN) * CONTROL_ALIGN;
    }
    return undefined;
  }

  #extended(at: number, count: number): QueuedError | "other" {
    const origin = this.#controlView.getUint8(at + EXTENDED_ERROR.origin);
    if (origin !== SO_EE_ORIGIN_ICMP && origin !== SO_EE_ORIGIN_ICMP6) return "other";
    return {
      isIpv6: origin === SO_EE_ORIGIN_ICMP6,
      type: this.#controlView.getUint8(at + EXTENDED_ERROR.type),
      code: this.#controlView.getUint8(at + EXTENDED_ERROR.code),
      offender: sockAddrIp(this.#controlView, at + EXTENDED_ERROR.offender),
      target: this.#target,
      packet: this.#packet.subarray(0, count),
    };
  }
}
