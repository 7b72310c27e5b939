/** `probe radius HOST:PORT` */

import { FORWARDING_PROBE_OPTIONS } from "../forwarding-fields.ts";
import { type ProbeCommand, type ProbeTarget, splitHostPort } from "../probe-command.ts";
import { SOCKET_PROBE_OPTIONS, type SocketProbeOptions, socketProbeFields } from "../socket-fields.ts";
import { EXPECTATIONS, METHODS } from "./spec.ts";

/** The options of `probe radius`. */
export interface RadiusOptions extends SocketProbeOptions {
  readonly secret?: string;
  readonly username?: string;
  readonly password?: string;
  readonly expect?: string;
  readonly method?: string;
  readonly nasIdentifier?: string;
}

/** The subcommand. */
export const RADIUS_PROBE: ProbeCommand<RadiusOptions> = {
  about: "log in to a RADIUS server, or ask for its status",
  arguments: [{ name: "<host:port>", about: "name or address, and port" }],
  options: [
    { flags: "--secret <text>", about: "secret shared with the server" },
    { flags: "--username <name>", about: "user of the Access-Request" },
    { flags: "--password <text>", about: "password of the Access-Request" },
    { flags: "--expect <what>", about: "expected answer to the Access-Request", choices: EXPECTATIONS },
    { flags: "--method <what>", about: "request: Access-Request or Status-Server", choices: METHODS },
    { flags: "--nas-identifier <name>", about: "NAS-Identifier of the request" },
    ...FORWARDING_PROBE_OPTIONS,
    ...SOCKET_PROBE_OPTIONS,
  ],
  examples: [
    "10.0.0.1:1812 --secret s3cret --username probe --password pa55 --expect reject",
    "10.0.0.1:1812 --secret s3cret --method status",
  ],
  target: ([where = ""], options) => radiusTarget(where, options),
};

/** Turns arguments and options into CONFIG fields. @throws ProbeArgumentError */
export function radiusTarget(where: string, options: RadiusOptions): ProbeTarget {
  const { host, port } = splitHostPort(where);
  const { secret, username, password, expect, method, nasIdentifier } = options;
  const fields = { secret, username, password, expect, method, nas_identifier: nasIdentifier };
  return { host, fields: { checker_type: "radius", port, ...fields, ...socketProbeFields(options) } };
}
