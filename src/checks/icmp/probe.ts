/** `probe icmp HOST` */
import { type ProbeCommand, readInteger } from "../probe-command.ts";
import { SOCKET_PROBE_OPTIONS, type SocketProbeOptions, socketProbeFields } from "../socket-fields.ts";

/** The options of `probe icmp`. */
export interface IcmpOptions extends SocketProbeOptions {
  readonly size?: number;
  readonly ttl?: number;
  readonly requests?: number;
}

/** The subcommand. */
export const ICMP_PROBE: ProbeCommand<IcmpOptions> = {
  about: "send ICMP echo requests (ping)",
  arguments: [{ name: "<host>", about: "name or address" }],
  options: [
    { flags: "--size <bytes>", about: "payload of a request", parse: readInteger },
    { flags: "--ttl <n>", about: "TTL of the requests, the hop limit in IPv6", parse: readInteger },
    { flags: "--requests <n>", about: "requests at most, until one is answered", parse: readInteger },
    ...SOCKET_PROBE_OPTIONS,
  ],
  examples: ["10.0.0.1 --size 1400"],
  target: ([host = ""], { size, ttl, requests, ...socket }) => ({
    host,
    fields: { checker_type: "icmp", size, ttl, count: requests, ...socketProbeFields(socket) },
  }),
};
