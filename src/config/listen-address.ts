/** Addresses to listen on, as operators write them: `127.0.0.1:9090`, `[::1]:9090`, `localhost:9090`, `:9090`. */
import { isIP } from "node:net";
import { hostName } from "../model/domain-name.ts";

/** Form of an address; {@link parseListenAddress} also checks the host and the port. */
export const LISTEN_ADDRESS = /^(?:\[([^\]]+)\]|([^:[\]\s/]*)):([0-9]{1,5})$/;

/** Address to listen on. */
export interface ListenAddress {
  /** An IP address or a host name; empty for every address of this host, IPv6 and IPv4. */
  readonly host: string;
  /** 0–65535; 0 lets the system choose. */
  readonly port: number;
}

/**
 * Reads `HOST:PORT`: an IP address, the IPv6 one in brackets, a host name, or nothing for every address.
 *
 * @returns undefined when it is not a valid one
 */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const parts = LISTEN_ADDRESS.exec(text);
  if (parts === null) return undefined;
  const [, v6, other = "", digits] = parts;
  const host = v6 ?? other;
  const port = Number(digits);
  const valid = v6 === undefined ? isHost(host) : isIP(v6) === 6;
  return valid && port <= 65_535 ? { host, port } : undefined;
}

function isHost(host: string): boolean {
  if (host === "" || isIP(host) === 4) return true;
  // 256.0.0.1 is a mistyped address, not a name.
  return !/^[0-9.]+$/.test(host) && hostName(host) !== undefined;
}

/** Formats an address: `127.0.0.1:9090`, `[::1]:9090`, `:9090`. */
export function formatListenAddress({ host, port }: ListenAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Reports whether only this host reaches an address: 127.0.0.0/8, also written as IPv6, and ::1. */
export function isLoopback(ip: string): boolean {
  if (isIP(ip) !== 6) return ip.startsWith("127.");
  // URL writes each address in its canonical form (RFC 5952).
  const host = URL.parse(`http://[${ip}]`)?.hostname ?? "";
  return host === "[::1]" || /^\[::ffff:7f[0-9a-f]{2}:/.test(host);
}
