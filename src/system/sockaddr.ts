/** Addresses as the kernel wants them (`struct sockaddr_in`, `sockaddr_in6`, `sockaddr_un`), and their shortest text. */
import { isIPv4, isIPv6 } from "node:net";
import type { Address } from "../model/spec.ts";
import { AF_INET, AF_INET6, AF_UNIX } from "./libc.ts";
import type { SocketSetup } from "./socket-setup.ts";

/** The longest path of a Unix socket, in bytes: `sun_path` without its closing NUL. */
export const MAX_UNIX_PATH = 107;

/** Offset of the address in `struct sockaddr_in`, and in `struct sockaddr_in6`. */
export const INET_AT = 4;
export const INET6_AT = 8;

/** An address ready for `connect`. */
export interface SockAddr {
  readonly family: number;
  readonly bytes: Uint8Array;
  /** IP address, numeric, in its shortest form; absent for a Unix socket. */
  readonly ip?: string;
  /** Port; absent for a Unix socket. */
  readonly port?: number;
  /** Set for a loopback address: a connection there is answered before `connect` returns. */
  readonly local?: boolean;
  /** Options of the sockets that connect to it. */
  readonly setup?: SocketSetup;
}

/**
 * @param address - a valid address; a scoped one (`fe80::1%eth0`) is not supported
 * @returns its binary form
 */
export function sockAddr(address: Address): SockAddr {
  const sockAddr = isIPv4(address.ip) ? inet4(address) : inet6(address);
  const ip = canonicalIp(address.ip) ?? address.ip;
  return { ...sockAddr, ip, port: address.port, local: ip.startsWith("127.") || ip === "::1" };
}

/**
 * @param path - of a Unix socket
 * @returns its binary form, or `undefined` when the path is too long
 */
export function unixSockAddr(path: string): SockAddr | undefined {
  const name = new TextEncoder().encode(path);
  if (name.length > MAX_UNIX_PATH) return undefined;
  const bytes = new Uint8Array(2 + name.length + 1);
  new DataView(bytes.buffer).setUint16(0, AF_UNIX, true);
  bytes.set(name, 2);
  return { family: AF_UNIX, bytes };
}

/**
 * @param name - of a Unix socket without a file (unix(7), abstract)
 * @returns its binary form, or `undefined` when the name is too long
 */
export function abstractSockAddr(name: string): SockAddr | undefined {
  const encoded = new TextEncoder().encode(name);
  if (encoded.length > MAX_UNIX_PATH) return undefined;
  // A NUL in front, and none behind: it would be part of the name.
  const bytes = new Uint8Array(2 + 1 + encoded.length);
  new DataView(bytes.buffer).setUint16(0, AF_UNIX, true);
  bytes.set(encoded, 3);
  return { family: AF_UNIX, bytes };
}

/**
 * Shortens an IP address, so that equal addresses are equal strings.
 *
 * @param text - perhaps an IP address
 * @returns its shortest form; `undefined` when it is not an IP address
 */
export function canonicalIp(text: string): string | undefined {
  if (isIPv4(text)) return text;
  if (!isIPv6(text) || text.includes("%")) return undefined;
  // The runtime's URL does not take every form with an IPv4 address at its end.
  const hexadecimal = text.replace(/([0-9]+)\.([0-9]+)\.([0-9]+)\.([0-9]+)$/, (_, ...parts: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = parts.map(Number);
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
  return URL.parse(`http://[${hexadecimal}]/`)?.hostname.slice(1, -1);
}

/**
 * Formats the address of a `struct sockaddr_in` or `sockaddr_in6`, without its port.
 *
 * @param view - over memory that holds the structure
 * @param at - its offset there
 * @returns the shortest form; `undefined` for another family
 */
export function sockAddrIp(view: DataView, at: number): string | undefined {
  const family = view.getUint16(at, true);
  if (family !== AF_INET && family !== AF_INET6) return undefined;
  return ipText(inetBytes({ family, bytes: new Uint8Array(view.buffer, view.byteOffset + at) }));
}

/** Returns the bytes of the IP address in a `struct sockaddr_in` or `sockaddr_in6`, over the same memory. */
export function inetBytes({ family, bytes }: Pick<SockAddr, "family" | "bytes">): Uint8Array {
  return family === AF_INET6 ? bytes.subarray(INET6_AT, INET6_AT + 16) : bytes.subarray(INET_AT, INET_AT + 4);
}

/** Formats the 4 or 16 bytes of an IP address in its shortest form; `undefined` for any other number of bytes. */
export function ipText(bytes: Uint8Array): string | undefined {
  if (bytes.length === 4) return bytes.join(".");
  if (bytes.length !== 16) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const groups = [0, 2, 4, 6, 8, 10, 12, 14].map((offset) => view.getUint16(offset).toString(16));
  return canonicalIp(groups.join(":"));
}

function inet4({ ip, port }: Address): SockAddr {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_INET, true);
  view.setUint16(2, port);
  bytes.set(ip.split(".").map(Number), 4);
  return { family: AF_INET, bytes };
}

function inet6({ ip, port }: Address): SockAddr {
  const bytes = new Uint8Array(28);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_INET6, true);
  view.setUint16(2, port);
  // The canonical form has hexadecimal groups only and at most one "::".
  const [head = "", tail = ""] = (canonicalIp(ip) ?? "::").split("::");
  const front = groups(head);
  const back = groups(tail);
  front.forEach((group, index) => {
    view.setUint16(8 + index * 2, group);
  });
  back.forEach((group, index) => {
    view.setUint16(24 - (back.length - index) * 2, group);
  });
  return { family: AF_INET6, bytes };
}

function groups(text: string): number[] {
  return text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
}
