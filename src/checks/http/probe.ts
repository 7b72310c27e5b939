/** `probe http URL` */
import { textOfBytes } from "../../model/bytes.ts";
import { problem, secretProblem } from "../../schema/problem.ts";
import { MODE_OPTION } from "../forwarding-fields.ts";
import {
  ProbeArgumentError,
  type ProbeCommand,
  type ProbeTarget,
  splitCommas,
  splitHostPort,
  TLS_OPTIONS,
  type TlsOptions,
  tlsFields,
  unescapeBytes,
} from "../probe-command.ts";
import { SOCKET_PROBE_OPTIONS, type SocketProbeOptions, socketProbeFields } from "../socket-fields.ts";

/** The options of `probe http`. */
export interface HttpOptions extends TlsOptions, SocketProbeOptions {
  readonly method: string;
  readonly expect?: readonly number[];
  readonly header: readonly string[];
  readonly response?: string;
  readonly connect?: string;
  readonly proxy?: string;
}

/** The subcommand. */
export const HTTP_PROBE: ProbeCommand<HttpOptions> = {
  about: "send one HTTP/1.1 request",
  arguments: [{ name: "<url>", about: "http or https URL" }],
  options: [
    ...TLS_OPTIONS,
    { flags: "--method <method>", about: "request method", fallback: "GET" },
    {
      flags: "--expect <codes>",
      about: "status codes that mean healthy, comma-separated (default: any)",
      parse: statusCodes,
    },
    { flags: "--host <name>", about: "Host header; with --mode dsr or tun the backend behind the VIP" },
    {
      flags: "--header <name: value>",
      about: "additional request header; may be repeated",
      fallback: [],
      parse: (text, before) => [...(Array.isArray(before) ? before : []), text],
    },
    { flags: "--response <text>", about: "expected beginning of the body" },
    { flags: "--connect <host:port>", about: "address to connect to instead of the URL's host" },
    { flags: "--proxy <host:port>", about: "HTTP proxy to send the request through" },
    MODE_OPTION,
    ...SOCKET_PROBE_OPTIONS,
  ],
  examples: [
    "https://www.example.com/healthz --connect 10.0.0.1:443 --expect 200",
    "https://www.example.com/healthz --proxy 10.0.0.1:3128 --expect 200",
  ],
  target: ([url = ""], options) => httpTarget(url, options),
};

/** Turns arguments and options into CONFIG fields. @throws ProbeArgumentError */
export function httpTarget(url: string, options: HttpOptions): ProbeTarget {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol))
    throw new ProbeArgumentError(`url: ${problem(url, "an http or https URL")}`);
  const urlPort = parsed.port === "" ? (parsed.protocol === "https:" ? 443 : 80) : Number(parsed.port);
  const urlHost = parsed.hostname.replace(/^\[(.*)\]$/, "$1");
  const { host, port } = connectTarget(options) ?? { host: urlHost, port: urlPort };
  const { method, expect, response, header } = options;
  return {
    host,
    fields: {
      checker_type: "http",
      port,
      path: url,
      method,
      expected_codes: expect,
      proxy: options.proxy !== undefined,
      headers: Object.fromEntries(header.map(splitHeader)),
      response: responseText(response),
      ...tlsFields(options, urlHost),
      ...socketProbeFields(options),
    },
  };
}

/** The address to connect to where it is not the URL's host. @throws ProbeArgumentError */
function connectTarget({ connect, proxy }: HttpOptions) {
  if (connect !== undefined && proxy !== undefined)
    throw new ProbeArgumentError("--connect: not allowed beside --proxy; must be absent");
  if (proxy !== undefined) return splitHostPort(proxy, "--proxy");
  return connect === undefined ? undefined : splitHostPort(connect, "--connect");
}

function statusCodes(text: string): number[] {
  return splitCommas(text).map((part) => {
    if (/^[0-9]{3}$/.test(part)) return Number(part);
    throw new ProbeArgumentError(problem(text, "status codes such as 200,204"));
  });
}

function splitHeader(text: string): [string, string] {
  const colon = text.indexOf(":");
  if (colon < 1) throw new ProbeArgumentError(`--header: ${secretProblem(text, '"Name: value"')}`);
  return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
}

function responseText(written: string | undefined): string | undefined {
  const text = written === undefined ? undefined : textOfBytes(unescapeBytes(written));
  if (written !== undefined && text === undefined)
    throw new ProbeArgumentError(
      `--response: ${problem(written, "UTF-8, because a body is compared as text")}`,
    );
  return text;
}
