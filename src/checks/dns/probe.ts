/** `probe dns NAME [@SERVER]` */
import { problem } from "../../schema/problem.ts";
import { FORWARDING_PROBE_OPTIONS } from "../forwarding-fields.ts";
import {
  ProbeArgumentError,
  type ProbeCommand,
  type ProbeTarget,
  readInteger,
  splitCommas,
  splitHostPort,
} from "../probe-command.ts";
import { SOCKET_PROBE_OPTIONS, type SocketProbeOptions, socketProbeFields } from "../socket-fields.ts";

/** The options of `probe dns`. */
export interface DnsOptions extends SocketProbeOptions {
  readonly type?: string;
  readonly class?: string;
  readonly expect?: readonly string[];
  readonly rcode?: readonly string[];
  /** False for `--no-recursion`. */
  readonly recursion?: boolean;
  readonly edns?: number;
}

/** Types whose records are addresses; {@link DnsOptions.expect} may list them. */
const ADDRESS_TYPES: readonly (string | undefined)[] = [undefined, "A", "AAAA"];

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
    { flags: "--class <class>", about: "class: IN, CH or HS (default: IN)" },
    {
      flags: "--expect <record>",
      about: "expected record, or addresses, comma-separated; repeat for more; one must be in the answer",
      parse: (text, before) => [...(Array.isArray(before) ? before : []), text],
    },
    {
      flags: "--rcode <codes>",
      about: "expected response codes, comma-separated (default: NOERROR)",
      parse: splitCommas,
    },
    { flags: "--no-recursion", about: "ask without the RD bit" },
    { flags: "--edns <bytes>", about: "send an OPT record with this UDP size", parse: readInteger },
    ...FORWARDING_PROBE_OPTIONS,
    ...SOCKET_PROBE_OPTIONS,
  ],
  examples: [
    "www.example.com @10.0.0.53 --expect 192.0.2.1 --json",
    "example.com @10.0.0.53 --type MX --expect '10 mail.example.com'",
  ],
  target: ([name = "", server], options) => dnsTarget(name, server, options),
};

/** Turns arguments and options into CONFIG fields. @throws ProbeArgumentError */
export function dnsTarget(name: string, server: string | undefined, options: DnsOptions): ProbeTarget {
  const fields = {
    checker_type: "dns",
    query: name,
    query_type: options.type,
    query_class: options.class,
    ...expectedFields(options),
    expected_rcode: options.rcode,
    recursion_desired: options.recursion,
    edns_size: options.edns,
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

function expectedFields({ type, class: queryClass, expect }: DnsOptions) {
  const areAddresses = queryClass === undefined && ADDRESS_TYPES.includes(type?.toUpperCase());
  return areAddresses ? { expected_ips: expect?.flatMap(splitCommas) } : { expect };
}
