/**
 * Kernel filters of a raw ICMP socket. It would receive every ICMP message of the host; these let through only answers to its identifier,
 * and errors that quote it. So a flood of other messages neither fills its buffer nor costs this process anything.
 */
import { ECHO_V4, ECHO_V6 } from "./echo-message.ts";
import {
  ICMP_FILTER,
  ICMPV6_FILTER,
  IPPROTO_ICMPV6,
  libc,
  SO_ATTACH_FILTER,
  SOL_RAW,
  SOL_SOCKET,
} from "./libc.ts";
import { bufferAddress } from "./receiver.ts";

/** Instructions of classic BPF (linux/bpf_common.h). */
const LOAD_BYTE_AT = 0x30;
const LOAD_BYTE_AT_X = 0x50;
const LOAD_HALF_AT = 0x28;
const LOAD_HALF_AT_X = 0x48;
/** X = 4 × the lower half of a byte: the length of an IPv4 header. */
const LOAD_HEADER_LENGTH = 0xb1;
const AND = 0x54;
const SHIFT_LEFT = 0x64;
const ADD_X = 0x0c;
const COPY_TO_X = 0x07;
const JUMP_IF_EQUAL = 0x15;
const RETURN = 0x06;
const INSTRUCTION_BYTES = 8;
const ACCEPT = 0xffff_ffff;

type Instruction = readonly [code: number, value: number, ifTrue?: number, ifFalse?: number];

/**
 * Writes the program that accepts what belongs to an identifier. A load behind the end of a packet rejects it.
 *
 * @returns `struct sock_filter` after `struct sock_filter`
 */
export function echoProgram(isIpv6: boolean, id: number): Uint8Array {
  const program = isIpv6 ? programV6(id) : programV4(id);
  const bytes = new Uint8Array(new ArrayBuffer(program.length * INSTRUCTION_BYTES));
  const view = new DataView(bytes.buffer);
  program.forEach(([code, value, ifTrue = 0, ifFalse = 0], index) => {
    const at = index * INSTRUCTION_BYTES;
    view.setUint16(at, code, true);
    view.setUint8(at + 2, ifTrue);
    view.setUint8(at + 3, ifFalse);
    view.setUint32(at + 4, value, true);
  });
  return bytes;
}

/** The packet begins with its IPv4 header. Jumps are relative to the next instruction. */
function programV4(id: number): readonly Instruction[] {
  return [
    [LOAD_HEADER_LENGTH, 0],
    [LOAD_BYTE_AT_X, 0],
    [JUMP_IF_EQUAL, ECHO_V4.reply, 0, 2],
    [LOAD_HALF_AT_X, 4],
    [JUMP_IF_EQUAL, id, 9, 10],
    // An error: behind its 8 bytes the quoted IPv4 header, and behind that the quoted request.
    [LOAD_BYTE_AT_X, 8],
    [AND, 0x0f],
    [SHIFT_LEFT, 2],
    [ADD_X, 0],
    [COPY_TO_X, 0],
    [LOAD_BYTE_AT_X, 8],
    [JUMP_IF_EQUAL, ECHO_V4.request, 0, 3],
    [LOAD_HALF_AT_X, 12],
    [JUMP_IF_EQUAL, id, 0, 1],
    [RETURN, ACCEPT],
    [RETURN, 0],
  ];
}

/** The packet begins with its ICMPv6 header. */
function programV6(id: number): readonly Instruction[] {
  return [
    [LOAD_BYTE_AT, 0],
    [JUMP_IF_EQUAL, ECHO_V6.reply, 0, 2],
    [LOAD_HALF_AT, 4],
    [JUMP_IF_EQUAL, id, 6, 7],
    // An error: behind its 8 bytes the quoted IPv6 header of 40 bytes, which a fragment header of 8 bytes (44) may follow.
    [LOAD_BYTE_AT, 14],
    [JUMP_IF_EQUAL, 44, 0, 2],
    [LOAD_HALF_AT, 60],
    [JUMP_IF_EQUAL, id, 2, 3],
    [LOAD_HALF_AT, 52],
    [JUMP_IF_EQUAL, id, 0, 1],
    [RETURN, ACCEPT],
    [RETURN, 0],
  ];
}

/** Attaches the filters to a raw socket. @returns false when the kernel rejected one; `errno` has the reason */
export function attachEchoFilter(fd: number, isIpv6: boolean, id: number): boolean {
  return filterTypes(fd, isIpv6) && attachProgram(fd, echoProgram(isIpv6, id));
}

/** By type, before the kernel copies a message: cheaper than the program. */
function filterTypes(fd: number, isIpv6: boolean): boolean {
  const { reply, errors } = isIpv6 ? ECHO_V6 : ECHO_V4;
  const blocked = new Uint32Array(isIpv6 ? 8 : 1).fill(0xffff_ffff);
  for (const type of [reply, ...errors]) {
    const word = type >>> 5;
    blocked[word] = ((blocked[word] ?? 0) & ~(1 << (type & 31))) >>> 0;
  }
  const [level, option] = isIpv6 ? [IPPROTO_ICMPV6, ICMPV6_FILTER] : [SOL_RAW, ICMP_FILTER];
  return libc.setsockopt(fd, level, option, blocked, blocked.byteLength) === 0;
}

function attachProgram(fd: number, program: Uint8Array): boolean {
  // `struct sock_fprog`: the number of instructions, and a pointer to them.
  const fprog = new ArrayBuffer(16);
  const view = new DataView(fprog);
  view.setUint16(0, program.length / INSTRUCTION_BYTES, true);
  view.setBigUint64(8, BigInt(bufferAddress(program)), true);
  return libc.setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, new Uint8Array(fprog), 16) === 0;
}
