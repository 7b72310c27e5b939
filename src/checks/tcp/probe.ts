/** `probe tcp HOST:PORT` */
import { CLOSE_MODES, HANDSHAKE_MODES } from "../../model/check-defaults.ts";
import { FORWARDING_PROBE_OPTIONS } from "../forwarding-fields.ts";
import { PAYLOAD_PROBE_OPTIONS, type PayloadProbeOptions, payloadProbeFields } from "../payload-fields.ts";
import {
  type ProbeCommand,
  type ProbeTarget,
  splitHostPort,
  TLS_OPTIONS,
  type TlsOptions,
  tlsFields,
} from "../probe-command.ts";
import { SOCKET_PROBE_OPTIONS, type SocketProbeOptions, socketProbeFields } from "../socket-fields.ts";

/** The options of `probe tcp`. */
export interface TcpOptions extends TlsOptions, PayloadProbeOptions, SocketProbeOptions {
  readonly tls?: boolean;
  readonly close?: string;
  readonly handshake?: string;
}

/** The subcommand. */
export const TCP_PROBE: ProbeCommand<TcpOptions> = {
  about: "open a TCP connection, optionally send and expect",
  arguments: [{ name: "<host:port>", about: "name or address, and port" }],
  options: [
    ...TLS_OPTIONS,
    { flags: "--tls", about: "use TLS" },
    ...PAYLOAD_PROBE_OPTIONS,
    { flags: "--close <how>", about: "how to close the connection", choices: CLOSE_MODES },
    { flags: "--handshake <how>", about: "how far to go without data to send", choices: HANDSHAKE_MODES },
    ...FORWARDING_PROBE_OPTIONS,
    ...SOCKET_PROBE_OPTIONS,
  ],
  examples: ["10.0.0.1:25 --receive 220", "10.0.0.1:80 --mark 7 --source 10.0.0.2"],
  target: ([where = ""], options) => tcpTarget(where, options),
};

/** Turns arguments and options into CONFIG fields. @throws ProbeArgumentError */
export function tcpTarget(where: string, options: TcpOptions): ProbeTarget {
  const { host, port } = splitHostPort(where);
  const bytes = payloadProbeFields(options);
  const tls = { secure: options.tls ?? false, ...tlsFields(options, host) };
  const { close, handshake } = options;
  const socket = socketProbeFields(options);
  return { host, fields: { checker_type: "tcp", port, ...bytes, close, handshake, ...tls, ...socket } };
}
