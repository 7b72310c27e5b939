/** `probe dns NAME [@SERVER]` */
import { problem } from "../../schema/problem.ts";
import { FORWARDING_PROBE_OPTIONS } from "../forwarding-fields.ts";
import {
  ProbeArgumentError,
  type ProbeCommand,
  type ProbeTarget,
  splitCommas,
  splitHostPort,
} from "../probe-command.ts";
import { SOCKET_PROBE_OPTIONS, type SocketProbeOptions, socketProbeFields } from "../socket-fields.ts";

/** The options of `probe dns`. */
export interface DnsOptions extends SocketProbeOptions {
  readonly type?: string;
  readonly expect?: readonly string[];
}

/** The subcommand. */
export const DNS_PROBE: ProbeCommand<DnsOptions> = {
  about: "send one DNS query",
  arguments: [
    { name: "<name>", about: "name to query" },
    { name: "[@server]", about: "nameserver to query: @ADDRESS or @ADDRESS:PORT" },
  ],
  options: [
    {
      flags: "--type <type>",
      about: "record type (default: A; AAAA if only IPv6 addresses are expected; both without @server)",
    },
    {
      flags: "--expect <ips>",
      about: "expected addresses, comma-separated; one must be in the answer",
      parse: splitCommas,
    },
    ...FORWARDING_PROBE_OPTIONS,
    ...SOCKET_PROBE_OPTIONS,
  ],
  examples: ["www.example.com @10.0.0.53 --expect 192.0.2.1 --json"],
  target: ([name = "", server], options) => dnsTarget(name, server, options),
};

/** Turns arguments and options into CONFIG fields. @throws ProbeArgumentError */
export function dnsTarget(name: string, server: string | undefined, options: DnsOptions): ProbeTarget {
  const fields = {
    checker_type: "dns",
    query: name,
    query_type: options.type,
    expected_ips: options.expect,
    ...socketProbeFields(options),
  };
  if (server === undefined) return { host: undefined, fields };
  if (!server.startsWith("@"))
    throw new ProbeArgumentError(`server: ${problem(server, "@ADDRESS or @ADDRESS:PORT")}`);
  const address = server.slice(1);
  // The colons of a bare IPv6 address do not separate a port.
  const bare = !address.includes(":") || (address.split(":").length > 2 && !address.startsWith("["));
  const { host, port } = bare ? { host: address, port: 53 } : splitHostPort(address, "server");
  return { host, fields: { ...fields, port } };
}
