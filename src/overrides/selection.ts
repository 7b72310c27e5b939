/** The healthchecks that a command is about: one id, the targets in an address range, or all; pure. */
import { BlockList } from "node:net";
import { checkTypeOf } from "../checks/registry.ts";
import { ID_RULE, parseId } from "../model/id.ts";
import type { Monitor } from "../monitor/monitor.ts";
import { problem } from "../schema/problem.ts";
import { canonicalIp } from "../system/sockaddr.ts";

const TARGET_RULE =
  "ADDRESS, CIDR or either with :PORT, IPv6 with a port in brackets, such as 10.0.0.0/24:80";
const BRACKETS = /^\[([0-9A-Fa-f:.]+)(?:\/(\d{1,3}))?\](?:\/(\d{1,3}))?(?::(\d{1,5}))?$/;
const PLAIN = /^([0-9.]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)(?:\/(\d{1,3}))?$/;
const WITH_PORT = /^([0-9.]+)(?:\/(\d{1,3}))?:(\d{1,5})$/;

/** Healthchecks of a command, as the operator wrote them. */
export interface Selection {
  /** Reports whether a healthcheck belongs to it. */
  has(monitor: Monitor): boolean;
  /** For log lines and messages. */
  readonly text: string;
}

/** Selects one healthcheck. @returns an error message for an id that is not valid */
export function selectId(digits: string): Selection | string {
  const id = parseId(digits);
  if (id === undefined) return `id: ${problem(digits, ID_RULE)}`;
  return { has: ({ spec }) => spec.id === id, text: `id ${id}` };
}

/** Selects the healthchecks of a target of any check type; one of a VIP by its backend, too. @returns an error message for a target that is not valid */
export function selectTarget(written: string): Selection | string {
  const range = readRange(written);
  if (range === undefined) return `--target: ${problem(written, TARGET_RULE)}`;
  const { list, family, port } = range;
  // The list would also find an IPv4 address in ::/0.
  const holds = (ip: string | undefined) =>
    ip !== undefined && familyOf(ip) === family && list.check(ip, family);
  const has = ({ spec }: Monitor) => {
    const destination = checkTypeOf(spec.check).destination?.(spec.check);
    if (destination === undefined || (port !== undefined && destination.port !== port)) return false;
    return holds(destination.ip) || holds(destination.socket?.forwarding?.host);
  };
  return { has, text: `target ${written}` };
}

/** Selects every healthcheck. */
export const EVERY: Selection = { has: () => true, text: "all" };

interface Range {
  readonly list: BlockList;
  readonly family: "ipv4" | "ipv6";
  readonly port: number | undefined;
}

function readRange(written: string): Range | undefined {
  const bracketed = BRACKETS.exec(written);
  const [, host = "", bits, digits] =
    bracketed === null ? (WITH_PORT.exec(written) ?? PLAIN.exec(written) ?? []) : fromBrackets(bracketed);
  const ip = canonicalIp(host);
  const port = digits === undefined ? undefined : Number(digits);
  if (ip === undefined || (port !== undefined && (port < 1 || port > 65_535))) return undefined;
  const maxBits = ip.includes(":") ? 128 : 32;
  const prefix = bits === undefined ? maxBits : Number(bits);
  if (prefix > maxBits) return undefined;
  const list = new BlockList();
  const family = familyOf(ip);
  list.addSubnet(ip, prefix, family);
  return { list, family, port };
}

/** The prefix length may stand inside the brackets or behind them. */
function fromBrackets([all, host, inside, behind, port]: RegExpExecArray): (string | undefined)[] {
  return [all, inside !== undefined && behind !== undefined ? "" : host, inside ?? behind, port];
}

function familyOf(ip: string): "ipv4" | "ipv6" {
  return ip.includes(":") ? "ipv6" : "ipv4";
}
