/** `probe tcp HOST:PORT` */
import { hexOfBytes, textOfBytes } from "../../model/bytes.ts";
import { CLOSE_MODES, HANDSHAKE_MODES } from "../../model/check-defaults.ts";
import {
  type ProbeCommand,
  type ProbeTarget,
  splitHostPort,
  TLS_OPTIONS,
  type TlsOptions,
  tlsFields,
  unescapeBytes,
} from "../probe-command.ts";
import { SOCKET_PROBE_OPTIONS, type SocketProbeOptions, socketProbeFields } from "../socket-fields.ts";

/** The options of `probe tcp`. */
export interface TcpOptions extends TlsOptions, SocketProbeOptions {
  readonly tls?: boolean;
  readonly send?: string;
  readonly receive?: string;
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
    { flags: "--send <text>", about: "data to send; escapes: \\r \\n \\t \\0, \\xHH for one byte" },
    { flags: "--receive <text>", about: "expected beginning of the response" },
    { flags: "--close <how>", about: "how to close the connection", choices: CLOSE_MODES },
    { flags: "--handshake <how>", about: "how far to go without data to send", choices: HANDSHAKE_MODES },
    ...SOCKET_PROBE_OPTIONS,
  ],
  examples: ["10.0.0.1:25 --receive 220", "10.0.0.1:80 --mark 7 --source 10.0.0.2"],
  target: ([where = ""], options) => tcpTarget(where, options),
};

/** Turns arguments and options into CONFIG fields. @throws ProbeArgumentError */
export function tcpTarget(where: string, options: TcpOptions): ProbeTarget {
  const { host, port } = splitHostPort(where);
  const bytes = { ...bytesField("send", options.send), ...bytesField("receive", options.receive) };
  const tls = { secure: options.tls ?? false, ...tlsFields(options, host) };
  const { close, handshake } = options;
  const socket = socketProbeFields(options);
  return { host, fields: { checker_type: "tcp", port, ...bytes, close, handshake, ...tls, ...socket } };
}

/** `send` where the bytes are text, otherwise `send_hex`. */
function bytesField(name: "send" | "receive", written: string | undefined) {
  if (written === undefined) return {};
  const bytes = unescapeBytes(written);
  const text = textOfBytes(bytes);
  return text === undefined ? { [`${name}_hex`]: hexOfBytes(bytes) } : { [name]: text };
}
