/** The `probe` subcommand of a check type as data; src/cli makes the command, its help and its completion from it. */
import { bytesOfHex, bytesOfText } from "../model/bytes.ts";
import { problem } from "../schema/problem.ts";

/** CONFIG fields of a probe, and the host name in place of an address. */
export interface ProbeTarget {
  /** Name or address, to be resolved into the field `ip`; undefined when the check needs none. */
  readonly host: string | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** An argument of `probe`. */
export interface ProbeArgument {
  /** As commander writes it: `<host:port>` required, `[@server]` optional. */
  readonly name: string;
  readonly about: string;
}

/** An option of `probe`. */
export interface ProbeOption {
  /** As commander writes it: `--send <text>`. */
  readonly flags: string;
  readonly about: string;
  readonly choices?: readonly string[];
  readonly fallback?: unknown;
  /**
   * Reads the argument of the option.
   *
   * @param before - the previous value, for a repeated option
   * @throws ProbeArgumentError with `problem; must be RULE`; the name of the option is put before it
   */
  readonly parse?: (text: string, before: unknown) => unknown;
}

/** The subcommand of `probe` for one check type. */
export interface ProbeCommand<Options extends object = object> {
  readonly about: string;
  readonly arguments: readonly ProbeArgument[];
  readonly options: readonly ProbeOption[];
  /** Each as it follows `healthcheck-server probe TYPE `. */
  readonly examples: readonly string[];
  /**
   * Turns arguments and options into CONFIG fields, which are validated like those of a client.
   *
   * @param args - in the order of `arguments`; undefined for an absent one
   * @param options - by their long names in camel case
   * @throws ProbeArgumentError with `KEY: problem; must be RULE`
   */
  target(args: readonly (string | undefined)[], options: Options): ProbeTarget;
}

/** An argument or option of `probe` that is not valid. */
export class ProbeArgumentError extends Error {
  override readonly name = "ProbeArgumentError";
}

/** The options of a probe that may use TLS. */
export interface TlsOptions {
  readonly verify: boolean;
  readonly serverName?: string;
}

/** {@link TlsOptions} as they are declared. */
export const TLS_OPTIONS: readonly ProbeOption[] = [
  { flags: "--no-verify", about: "accept any certificate" },
  { flags: "--server-name <name>", about: "name for SNI and certificate verification" },
];

/** Turns TLS options into CONFIG fields. @param host - the name to verify unless the options have one */
export function tlsFields({ verify, serverName }: TlsOptions, host: string) {
  return { tls_verify: verify, server_name: serverName ?? host };
}

/**
 * Splits `host:port` or `[::1]:port`.
 *
 * @param key - the argument or option, for the error message
 * @throws ProbeArgumentError
 */
export function splitHostPort(
  text: string,
  key = "host:port",
): { readonly host: string; readonly port: number } {
  const parts = /^(?:\[([^\]]+)\]|([^:]+)):([0-9]+)$/.exec(text);
  const host = parts?.[1] ?? parts?.[2];
  if (parts === null || host === undefined)
    throw new ProbeArgumentError(`${key}: ${problem(text, "HOST:PORT, IPv6 in brackets")}`);
  return { host, port: Number(parts[3]) };
}

/** Splits a list at its commas. */
export function splitCommas(text: string): string[] {
  return text.split(",").map((part) => part.trim());
}

/** Reads the argument of an option that is an integer from 0. @throws ProbeArgumentError */
export function readInteger(text: string): number {
  if (/^[0-9]{1,9}$/.test(text)) return Number(text);
  throw new ProbeArgumentError("must be an integer.");
}

const ESCAPES: Readonly<Record<string, string>> = { r: "\r", n: "\n", t: "\t", "0": "\0", "\\": "\\" };

/** Decodes the escapes that a shell does not; `\xHH` is one byte, everything else is UTF-8. */
export function unescapeBytes(text: string): Uint8Array {
  const pieces = text.split(/(\\(?:x[0-9a-fA-F]{2}|.))/s).map((piece) => {
    if (/^\\x../s.test(piece)) return bytesOfHex(piece.slice(2));
    return bytesOfText(piece.startsWith("\\") ? (ESCAPES[piece.charAt(1)] ?? piece) : piece);
  });
  return Buffer.concat(pieces);
}
