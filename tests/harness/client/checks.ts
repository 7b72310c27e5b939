/**
 * CONFIGs for backends, quick ones by default. Called by the tests of the daemon.
 */

import { type ConfigFields, config } from "./client.ts";

/** Address of a check; every backend fits. */
export interface Target {
  readonly hostname: string;
  readonly port: number;
}

type Id = ConfigFields["id"];
type Fields = Readonly<Record<string, unknown>>;

const QUICK = { interval: "100ms", timeout: "1s", retries: 0 };

/** A tcp CONFIG as JSON text; `fields` take precedence. */
export function tcpCheck(id: Id, target: Target, fields: Fields = {}): string {
  return config({ ...QUICK, checker_type: "tcp", ip: target.hostname, port: target.port, ...fields, id });
}

/** An http CONFIG as JSON text; GET / by default. */
export function httpCheck(id: Id, target: Target, fields: Fields = {}): string {
  return tcpCheck(id, target, { checker_type: "http", path: "/", ...fields });
}

/** A dns CONFIG as JSON text; without `ip` it is the system's resolver that is asked. */
export function dnsCheck(id: Id, query: string, fields: Fields = {}): string {
  return config({ ...QUICK, checker_type: "dns", query, ...fields, id });
}

/** A udp CONFIG as JSON text: an empty datagram, and any answer. */
export function udpCheck(id: Id, target: Target, fields: Fields = {}): string {
  return tcpCheck(id, target, { checker_type: "udp", ...fields });
}

/** A radius CONFIG as JSON text: an Access-Request with the user `alice`. */
export function radiusCheck(id: Id, target: Target, fields: Fields = {}): string {
  return tcpCheck(id, target, { checker_type: "radius", username: "alice", ...fields });
}

/** `[make(0), …, make(count - 1)]` */
export function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** An icmp CONFIG as JSON text. */
export function icmpCheck(id: Id, ip: string, fields: Fields = {}): string {
  return config({ ...QUICK, checker_type: "icmp", ip, ...fields, id });
}
