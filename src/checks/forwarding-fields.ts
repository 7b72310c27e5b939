/**
 * The backend of a check whose target is a VIP (DSR and tunnel modes of Seesaw). Written once for every check type that can be forwarded: CONFIG
 * fields, options of `probe`, the part of the API's `config` object.
 */
import { isIP } from "node:net";
import { FORWARDING_MODES, type Forwarding, type SocketOptions } from "../model/spec.ts";
import { optional } from "../schema/field.ts";
import { FieldError } from "../schema/field-error.ts";
import { problem } from "../schema/problem.ts";
import { choice, text } from "../schema/values.ts";
import { canonicalIp } from "../system/sockaddr.ts";
import type { ProbeOption } from "./probe-command.ts";

const MODES = ["plain", ...FORWARDING_MODES] as const;

/** The fields. */
export const FORWARDING_FIELDS = {
  mode: optional(
    choice(MODES),
    "",
    "plain",
    "Path to the backend. plain: ip is the backend. dsr, tun: ip is the VIP, and the load balancer of this host forwards the check to host as it forwards the traffic, " +
      "by direct server return or in an IP tunnel; requires host and mark.",
  ),
  host: optional(
    text,
    "",
    "required with mode: dsr or tun",
    "IPv4 or IPv6 address of the backend that mark selects, for messages, metrics and traces. With mode: plain it must be ip or absent; " +
      "without mode it is not read.",
  ),
};

/** The fields, read; absent in a check type that cannot be forwarded. */
export interface ForwardingFields {
  readonly mode?: "" | (typeof MODES)[number];
  readonly host?: string;
  readonly mark: number;
}

/** True when the load balancer of this host is to forward the check. */
export function isForwarded({ mode = "" }: Pick<ForwardingFields, "mode">): boolean {
  return mode !== "" && mode !== "plain";
}

/**
 * Reads the backend behind a VIP.
 *
 * @param target - the field `ip`; undefined when the check has none
 * @param maxMark - the largest mark, for the message
 * @returns undefined for a check that goes to its target directly
 * @throws FieldError for fields that contradict each other
 */
export function forwarding(
  { mode = "", host = "", mark }: ForwardingFields,
  target: string | undefined,
  maxMark: number,
): Forwarding | undefined {
  // A client from before this field may fill it, as those that other check types have.
  if (mode === "") return undefined;
  if (mode === "plain") {
    if (host === "" || (target !== undefined && canonicalIp(host) === target)) return undefined;
    throw new FieldError("host", "not allowed with mode: plain; must be absent or equal to ip");
  }
  const beside = `with mode: ${mode}`;
  if (target === undefined)
    throw new FieldError("ip", problem(undefined, `an IPv4 or IPv6 address, the VIP, ${beside}`));
  const rule = `the IPv4 or IPv6 address of the backend ${beside}`;
  const backend = host === "" ? undefined : canonicalIp(host);
  if (backend === undefined) throw new FieldError("host", problem(host || undefined, rule));
  // IPVS forwards to the other address family in tunnels only.
  if (mode === "dsr" && isIP(backend) !== isIP(target))
    throw new FieldError("host", problem(host, `an IPv${isIP(target)} address, as ip is, ${beside}`));
  // Without a mark the check would end at the VIP of this very host.
  if (mark === 0)
    throw new FieldError("mark", problem(undefined, `an integer from 1 to ${maxMark} ${beside}`));
  return { mode, host: backend };
}

/** Shows the backend by the names of the fields; nothing for a check that goes to its target directly. */
export function forwardingView(options: SocketOptions | undefined): Readonly<Record<string, string>> {
  return options?.forwarding === undefined ? {} : { ...options.forwarding };
}

/** The options of a probe that can be forwarded. */
export interface ForwardingProbeOptions {
  readonly mode?: string;
  readonly host?: string;
}

/** The option that selects the path. */
export const MODE_OPTION: ProbeOption = {
  flags: "--mode <mode>",
  about: "path to the backend; dsr and tun need --host and --mark",
  choices: MODES,
};

/** {@link ForwardingProbeOptions} as they are declared. */
export const FORWARDING_PROBE_OPTIONS: readonly ProbeOption[] = [
  MODE_OPTION,
  { flags: "--host <ip>", about: "backend behind the VIP, with --mode dsr or tun" },
];
