/** Turns the arguments of `probe` into the fields of CONFIG (protocol.md), which judges them. */
import { bytesOfHex, bytesOfText, hexOfBytes, textOfBytes } from "../model/bytes.ts";
import type { ProbeTarget } from "./probe.ts";
import { UsageError } from "./usage.ts";

interface TlsOptions {
  readonly verify: boolean;
  readonly serverName?: string;
}

interface TcpOptions extends TlsOptions {
  readonly tls?: boolean;
  readonly send?: string;
  readonly receive?: string;
  readonly close?: string;
}

interface HttpOptions extends TlsOptions {
  readonly method: string;
  readonly expect?: readonly number[];
  readonly host?: string;
  readonly header: readonly string[];
  readonly response?: string;
  readonly connect?: string;
}

interface DnsOptions {
  readonly type?: string;
  readonly expect?: readonly string[];
}

/** `probe tcp HOST:PORT` */
export function tcpTarget(where: string, options: TcpOptions): ProbeTarget {
  const { host, port } = splitHostPort(where);
  const talk = {
    ...talkField("send", options.send),
    ...talkField("receive", options.receive),
    close: options.close,
  };
  return {
    host,
    fields: { checker_type: "tcp", port, ...talk, secure: options.tls ?? false, ...tlsFields(options, host) },
  };
}

/** `probe http URL` */
export function httpTarget(url: string, options: HttpOptions): ProbeTarget {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol))
    throw new UsageError(`"${url}" is no http or https URL`);
  const urlPort = parsed.port === "" ? (parsed.protocol === "https:" ? 443 : 80) : Number(parsed.port);
  const urlHost = parsed.hostname.replace(/^\[(.*)\]$/, "$1");
  const { host, port } =
    options.connect === undefined ? { host: urlHost, port: urlPort } : splitHostPort(options.connect);
  const { method, expect, response, header } = options;
  return {
    host,
    fields: {
      checker_type: "http",
      port,
      path: url,
      method,
      expected_codes: expect,
      host: options.host,
      headers: Object.fromEntries(header.map(splitHeader)),
      response: responseText(response),
      ...tlsFields(options, urlHost),
    },
  };
}

/** `probe dns NAME [@SERVER]` */
export function dnsTarget(name: string, server: string | undefined, options: DnsOptions): ProbeTarget {
  const fields = { checker_type: "dns", query: name, query_type: options.type, expected_ips: options.expect };
  if (server === undefined) return { host: undefined, fields };
  if (!server.startsWith("@"))
    throw new UsageError(`"${server}" is no server: write @ADDRESS or @ADDRESS:PORT`);
  const address = server.slice(1);
  // A bare IPv6 address has colons of its own.
  const bare = !address.includes(":") || (address.split(":").length > 2 && !address.startsWith("["));
  const { host, port } = bare ? { host: address, port: 53 } : splitHostPort(address);
  return { host, fields: { ...fields, port } };
}

function tlsFields({ verify, serverName }: TlsOptions, host: string) {
  return { tls_verify: verify, server_name: serverName ?? host };
}

function splitHostPort(text: string): { readonly host: string; readonly port: number } {
  const parts = /^(?:\[([^\]]+)\]|([^:]+)):([0-9]+)$/.exec(text);
  const host = parts?.[1] ?? parts?.[2];
  if (parts === null || host === undefined)
    throw new UsageError(`"${text}" is no HOST:PORT (an IPv6 address in brackets)`);
  return { host, port: Number(parts[3]) };
}

function splitHeader(text: string): [string, string] {
  const colon = text.indexOf(":");
  if (colon < 1) throw new UsageError(`"${text}" is no header: write "Name: value"`);
  return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
}

const ESCAPES: Readonly<Record<string, string>> = { r: "\r", n: "\n", t: "\t", "0": "\0", "\\": "\\" };

/** `send` or `send_hex`: as text where it is text. */
function talkField(name: "send" | "receive", written: string | undefined) {
  if (written === undefined) return {};
  const bytes = unescapeBytes(written);
  const text = textOfBytes(bytes);
  return text === undefined ? { [`${name}_hex`]: hexOfBytes(bytes) } : { [name]: text };
}

/** @throws UsageError */
function responseText(written: string | undefined): string | undefined {
  const text = written === undefined ? undefined : textOfBytes(unescapeBytes(written));
  if (written !== undefined && text === undefined)
    throw new UsageError(`--response: "${written}" is not UTF-8: a body is compared as text`);
  return text;
}

/** Does the escapes that a shell does not do; `\xHH` is one byte, the rest is UTF-8. */
function unescapeBytes(text: string): Uint8Array {
  const pieces = text.split(/(\\(?:x[0-9a-fA-F]{2}|.))/s).map((piece) => {
    if (/^\\x../s.test(piece)) return bytesOfHex(piece.slice(2));
    return bytesOfText(piece.startsWith("\\") ? (ESCAPES[piece.charAt(1)] ?? piece) : piece);
  });
  return Buffer.concat(pieces);
}
