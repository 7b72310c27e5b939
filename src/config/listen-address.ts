/** Addresses to listen on, as one writes them: `127.0.0.1:9090`, `[::1]:9090`. */
import { isIP } from "node:net";
import type { Address } from "../model/spec.ts";

/** What it looks like; whether the address is one, only reading it tells. */
export const LISTEN_ADDRESS = /^(?:\[([^\]]+)\]|([^:]+)):([0-9]{1,5})$/;

/**
 * Reads `ADDRESS:PORT`, with an IP address, the IPv6 one in brackets; port 0 lets the system choose.
 *
 * @returns undefined when it is none
 */
export function parseListenAddress(text: string): Address | undefined {
  const parts = LISTEN_ADDRESS.exec(text);
  if (parts === null) return undefined;
  const [, v6, v4, digits] = parts;
  const ip = v6 ?? v4 ?? "";
  const port = Number(digits);
  const valid = isIP(ip) === (v6 === undefined ? 4 : 6) && port <= 65_535;
  return valid ? { ip, port } : undefined;
}

/** Whether only this host reaches an address: 127.0.0.0/8, also written as IPv6, and ::1. */
export function isLoopback(ip: string): boolean {
  if (isIP(ip) !== 6) return ip.startsWith("127.");
  // The URL writes each address in one way (RFC 5952).
  const host = URL.parse(`http://[${ip}]`)?.hostname ?? "";
  return host === "[::1]" || /^\[::ffff:7f[0-9a-f]{2}:/.test(host);
}
