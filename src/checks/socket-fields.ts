/**
 * The socket options of a check, which choose the path of its packets. Written once for every check type: CONFIG fields, options of `probe`, the
 * part of the API's `config` object.
 */
import { isIP } from "node:net";
import { printable } from "../model/printable.ts";
import type { SocketOptions } from "../model/spec.ts";
import { optional } from "../schema/field.ts";
import { FieldError } from "../schema/field-error.ts";
import { problem } from "../schema/problem.ts";
import { converted, integer, ip, orEmpty } from "../schema/values.ts";
import {
  type ForwardingFields,
  type ForwardingProbeOptions,
  forwarding,
  forwardingView,
} from "./forwarding-fields.ts";
import { ProbeArgumentError, type ProbeOption } from "./probe-command.ts";

const MAX_MARK = 0xffff_ffff;
/** IFNAMSIZ of the kernel, without the closing NUL. */
const MAX_INTERFACE_BYTES = 15;
const INTERFACE_RULE = `an interface name of 1 to ${MAX_INTERFACE_BYTES} bytes without a slash or white space`;

const interfaceName = {
  ...converted(readInterface, INTERFACE_RULE),
  range: `1 to ${MAX_INTERFACE_BYTES} bytes without a slash or white space`,
  json: { type: "string", maxLength: MAX_INTERFACE_BYTES, pattern: "^[^/\\s]*$" },
};

/** The fields. */
export const SOCKET_FIELDS = {
  mark: optional(
    integer(0, MAX_MARK),
    0,
    "no mark",
    "Firewall mark of the check's packets (SO_MARK), for `ip rule` and nftables; 0 sets none. Requires a capability, see deployment.md.",
  ),
  source_ip: optional(
    orEmpty(ip),
    "",
    "chosen by the routing table",
    "Source address of the check's packets: an address of this host, of the family of ip.",
  ),
  interface: optional(
    orEmpty(interfaceName),
    "",
    "chosen by the routing table",
    "Network interface that the check's packets leave and arrive by (SO_BINDTODEVICE).",
  ),
};

/** The fields, read. */
interface SocketFields extends ForwardingFields {
  readonly mark: number;
  readonly source_ip: string;
  readonly interface: string;
}

/**
 * Reads the socket options of a check.
 *
 * @param target - the address of the backend; undefined when the system resolver's nameservers are asked
 * @returns undefined when no option is set
 * @throws FieldError for a source address that no connection to the target can have, and for an incomplete path to a backend behind a VIP
 */
export function socketOptions(fields: SocketFields, target: string | undefined): SocketOptions | undefined {
  const { mark, source_ip: sourceIp, interface: name } = fields;
  if (sourceIp !== "" && target === undefined)
    throw new FieldError("source_ip", "not allowed without ip; must be absent");
  if (sourceIp !== "" && target !== undefined && isIP(sourceIp) !== isIP(target))
    throw new FieldError("source_ip", problem(sourceIp, `an IPv${isIP(target)} address, as ip is`));
  const backend = forwarding(fields, target, MAX_MARK);
  if (mark === 0 && sourceIp === "" && name === "") return undefined;
  return {
    forwarding: backend,
    mark: mark || undefined,
    sourceIp: sourceIp || undefined,
    interface: name || undefined,
  };
}

/** Shows the options that are set, by the names of their fields. */
export function socketView(options: SocketOptions | undefined): Readonly<Record<string, string | number>> {
  if (options === undefined) return {};
  const { mark, sourceIp, interface: name } = options;
  return {
    ...forwardingView(options),
    ...(mark === undefined ? {} : { mark }),
    ...(sourceIp === undefined ? {} : { source_ip: sourceIp }),
    ...(name === undefined ? {} : { interface: printable(name) }),
  };
}

/** The options of a probe that sets socket options. */
export interface SocketProbeOptions extends ForwardingProbeOptions {
  readonly mark?: number;
  readonly source?: string;
  readonly interface?: string;
}

/** {@link SocketProbeOptions} as they are declared. */
export const SOCKET_PROBE_OPTIONS: readonly ProbeOption[] = [
  {
    flags: "--mark <n>",
    about: "firewall mark of the packets, decimal or hexadecimal (0x)",
    parse: readMark,
  },
  { flags: "--source <ip>", about: "source address: an address of this host" },
  { flags: "--interface <name>", about: "network interface to use" },
];

/** Turns socket options of a probe into CONFIG fields. */
export function socketProbeFields({ mode, host, mark, source, interface: name }: SocketProbeOptions) {
  return { mode, host, mark, source_ip: source, interface: name };
}

/** As `dev_valid_name` of the kernel has it. */
function readInterface(name: string): string | undefined {
  const bytes = Buffer.byteLength(name);
  const valid = bytes >= 1 && bytes <= MAX_INTERFACE_BYTES && !/[/:\s\0]/.test(name);
  return valid && name !== "." && name !== ".." ? name : undefined;
}

function readMark(text: string): number {
  const mark = /^(?:[0-9]+|0x[0-9a-f]+)$/i.test(text) ? Number(text) : Number.NaN;
  if (mark >= 0 && mark <= MAX_MARK) return mark;
  throw new ProbeArgumentError(`must be an integer from 0 to ${MAX_MARK}.`);
}
