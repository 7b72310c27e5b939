/** `probe udp HOST:PORT` */

import { FORWARDING_PROBE_OPTIONS } from "../forwarding-fields.ts";
import { PAYLOAD_PROBE_OPTIONS, type PayloadProbeOptions, payloadProbeFields } from "../payload-fields.ts";
import { type ProbeCommand, type ProbeTarget, splitHostPort } from "../probe-command.ts";
import { SOCKET_PROBE_OPTIONS, type SocketProbeOptions, socketProbeFields } from "../socket-fields.ts";
import { EXPECTATIONS } from "./spec.ts";

/** The options of `probe udp`. */
export interface UdpOptions extends PayloadProbeOptions, SocketProbeOptions {
  readonly expect?: string;
}

/** The subcommand. */
export const UDP_PROBE: ProbeCommand<UdpOptions> = {
  about: "send a datagram and wait for the response",
  arguments: [{ name: "<host:port>", about: "name or address, and port" }],
  options: [
    ...PAYLOAD_PROBE_OPTIONS,
    {
      flags: "--expect <what>",
      about: "evidence of health: a response, or no ICMP error until the timeout",
      choices: EXPECTATIONS,
    },
    ...FORWARDING_PROBE_OPTIONS,
    ...SOCKET_PROBE_OPTIONS,
  ],
  examples: ["10.0.0.1:7001 --send ping --receive pong", "10.0.0.1:514 --expect none"],
  target: ([where = ""], options) => udpTarget(where, options),
};

/** Turns arguments and options into CONFIG fields. @throws ProbeArgumentError */
export function udpTarget(where: string, options: UdpOptions): ProbeTarget {
  const { host, port } = splitHostPort(where);
  const fields = { ...payloadProbeFields(options), expect: options.expect, ...socketProbeFields(options) };
  return { host, fields: { checker_type: "udp", port, ...fields } };
}
