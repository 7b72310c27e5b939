/** The HTTP listener of a running server, asked by `status` and `explain`. */

import { formatListenAddress, parseListenAddress } from "../config/listen-address.ts";
import { validateConfig } from "../config/load.ts";
import { findConfigFile } from "../config/places.ts";
import { type Config, DEFAULT_CONFIG } from "../config/schema.ts";
import { printable, sentence } from "../model/printable.ts";
import { positiveDurationMs } from "../schema/durations.ts";
import { custom } from "../schema/values.ts";
import { fetchReason, systemReason } from "../system/system-reason.ts";
import { MAX_YAML_BYTES, readTextFile } from "../system/text-file.ts";
import { RemoteError } from "./remote-error.ts";
import type { Environment } from "./settings.ts";
import { readWritten } from "./value-option.ts";

/** Options of commands that ask a running server. */
export interface RemoteOptions {
  readonly addr?: string;
  readonly config?: string;
  readonly timeout: string;
  readonly json?: boolean;
}

/** Maximum length of a response: the longest have some thousand bytes for each healthcheck, and commands ask for one. */
const MAX_ANSWER_BYTES = 16 * 1_024 * 1_024;

/** A response. */
export interface Answer {
  readonly status: number;
  readonly text: string;
}

const ADDRESS_RULE = "HOST:PORT, IPv6 in brackets";
/** The address of a server, read into its URL. */
const serverUrl = custom<string, string>(
  { kind: "address", rule: ADDRESS_RULE, range: ADDRESS_RULE, json: { type: "string" } },
  (input) => {
    const url = URL.parse(`http://${input}`);
    const isAddress = /:[0-9]+$/.test(String(input)) && url?.pathname === "/" && url.username === "";
    return isAddress ? `http://${input}` : undefined;
  },
);

/** The expected address of a server. */
export interface Place {
  /** `http://127.0.0.1:9090` */
  readonly url: string;
  /** A possible reason why the server does not listen there; undefined when the address was given, or its file has it. */
  readonly doubt: string | undefined;
}

/**
 * Finds the address of the server: from the command line, or from its configuration file. The file may have changed or be
 * invalid while the server runs, so the server is asked in any case.
 *
 * @throws UsageError
 */
export function serverPlace({ addr, config: named }: RemoteOptions, env: Environment): Place {
  if (addr !== undefined) {
    return { url: readWritten("--addr", serverUrl, addr), doubt: undefined };
  }
  const path = findConfigFile(named, env);
  const { metrics, doubt } = path === undefined ? NO_FILE : readMetrics(path);
  return { url: `http://${reachable(metrics.listen_addr)}`, doubt };
}

/** The settings of the listener without a file. */
const NO_FILE = {
  metrics: DEFAULT_CONFIG.metrics,
  doubt: "is metrics.enabled set? no readable configuration file found",
};

/** Reads the settings of the listener from a file; returns the defaults, and the reason, for a file that cannot be used. */
function readMetrics(path: string): { metrics: Config["metrics"]; doubt: string | undefined } {
  const { metrics } = DEFAULT_CONFIG;
  let text: string;
  try {
    text = readTextFile(path, MAX_YAML_BYTES);
  } catch (error) {
    return { metrics, doubt: `cannot read ${path}: ${systemReason(error)}; use --addr` };
  }
  const { config } = validateConfig(text);
  if (config === undefined) return { metrics, doubt: `${path} is invalid; run check-config, or use --addr` };
  const doubt = `metrics.enabled is false in ${path}`;
  return { metrics: config.metrics, doubt: config.metrics.enabled ? undefined : doubt };
}

/** Returns the address to ask: loopback for a server that listens on every address. */
function reachable(listenAddress: string): string {
  const address = parseListenAddress(listenAddress);
  if (address?.host === "" || address?.host === "0.0.0.0")
    return formatListenAddress({ ...address, host: "127.0.0.1" });
  if (address?.host === "::") return formatListenAddress({ ...address, host: "::1" });
  return listenAddress;
}

/**
 * Asks for a path.
 *
 * @throws RemoteError when there is no answer
 * @throws UsageError
 */
export async function ask({ url, doubt }: Place, path: string, { timeout }: RemoteOptions): Promise<Answer> {
  const timeoutMs = readWritten("--timeout", positiveDurationMs, timeout);
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    // The server is on this host, or near: no proxy of the environment is used. The types allow only strings.
    const response = await fetch(`${url}${path}`, {
      signal,
      proxy: false as unknown as string,
      // Another program may use the port: its redirects are not followed, its response is not decompressed.
      redirect: "error",
      decompress: false,
      headers: { "Accept-Encoding": "identity" },
    });
    return { status: response.status, text: await readText(response) };
  } catch (error) {
    const hint = doubt === undefined ? "" : ` (${doubt})`;
    throw new RemoteError(`cannot reach ${url}: ${whyNot(error, timeout)}${hint}`, { cause: error });
  }
}

/**
 * Reads a body.
 *
 * @throws Error when it has more than 16 MiB
 */
async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES)
      throw new Error(`the response is larger than ${MAX_ANSWER_BYTES} bytes, the maximum`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Describes why there is no response. */
function whyNot(error: unknown, timeout: string): string {
  const isTimeout = error instanceof Error && error.name === "TimeoutError";
  return isTimeout ? `no response within ${timeout}` : fetchReason(error);
}

/**
 * Reads a response of the API.
 *
 * @throws RemoteError when it is an error
 */
export function readAnswer<Body>({ status, text }: Answer): Body {
  let body: unknown;
  try {
    body = JSON.parse(text, inOneLine);
  } catch (error) {
    throw new RemoteError(`the response is not JSON (status ${status}); is this a healthcheck-server?`, {
      cause: error,
    });
  }
  if (status === 200) return body as Body; // Written by the same version of this program, as src/http/api.ts declares.
  const error = typeof body === "object" && body !== null && "error" in body ? String(body.error) : text;
  throw new RemoteError(sentence(error.trim()));
}

/** For `JSON.parse`: escapes line breaks in strings and keys of the response, so that every printed line is one of this program. */
function inOneLine(_key: string, value: unknown): unknown {
  if (typeof value === "string") return printable(value);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [printable(key), inner]));
}
