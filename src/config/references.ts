/** References: addresses that answer if the network of this host works. */
import { isIP } from "node:net";
import { list, patterned } from "../schema/values.ts";
import { canonicalIp } from "../system/sockaddr.ts";
import { isLoopback } from "./listen-address.ts";

const MAX_REFERENCES = 8;
/** `10.0.0.1`, `10.0.0.1:53`, `2001:db8::1`, `[2001:db8::1]:53` */
const REFERENCE = /^(?:\[([0-9A-Fa-f:.]+)\]:([0-9]{1,5})|([0-9.]+):([0-9]{1,5})|([0-9A-Fa-f:.]+))$/;

/** An address that is asked while it is doubtful whether the network works. */
export interface Reference {
  /** In its shortest form; not a loopback address. */
  readonly ip: string;
  /** 1–65535, for a TCP connection; undefined for a ping. */
  readonly port: number | undefined;
}

/** Reads a reference. @returns undefined when it is not a valid one */
export function parseReference(text: string): Reference | undefined {
  const [, v6, v6Port, v4, v4Port, alone] = REFERENCE.exec(text) ?? [];
  const ip = canonicalIp(v6 ?? v4 ?? alone ?? "");
  if (ip === undefined || isLoopback(ip)) return undefined;
  if (alone !== undefined) return { ip, port: undefined };
  const port = Number(v6Port ?? v4Port);
  const isFamily = isIP(ip) === (v6 === undefined ? 4 : 6);
  return isFamily && port >= 1 && port <= 65_535 ? { ip, port } : undefined;
}

/** The value of `network.references`. */
export const references = list(
  patterned(
    REFERENCE,
    'an address such as "10.0.0.1", or an address and a port such as "10.0.0.1:53" or "[2001:db8::1]:53", not of the loopback interface',
    (text) => parseReference(text) !== undefined,
  ),
  "addresses",
  "addresses to ping, or addresses and ports to connect to",
  MAX_REFERENCES,
);
