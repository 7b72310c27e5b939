/** The HTTP listener of a running server, asked by `status` and `explain`. */

import { parseListenAddress } from "../config/listen-address.ts";
import { findConfigFile, loadConfigFile } from "../config/load.ts";
import { parseDuration } from "../model/duration.ts";
import { formatAddress } from "../model/spec.ts";
import type { Environment } from "./settings.ts";
import { UsageError } from "./usage.ts";

/** Options of commands that ask. */
export interface RemoteOptions {
  readonly addr?: string;
  readonly config?: string;
  readonly timeout: string;
  readonly json?: boolean;
}

/** The server cannot be asked, or has no answer; the message says why. */
export class RemoteError extends Error {}

/** An answer. */
export interface Answer {
  readonly status: number;
  readonly text: string;
}

/**
 * Where the server is to be found: as the command line says, or as its configuration file says.
 *
 * @returns `http://127.0.0.1:9090`
 * @throws RemoteError when it serves nothing
 * @throws UsageError
 */
export function serverUrl({ addr, config: named }: RemoteOptions, env: Environment): string {
  if (addr !== undefined) {
    const url = URL.parse(`http://${addr}`);
    if (url === null || url.port === "" || url.host.toLowerCase() !== addr.toLowerCase())
      throw new UsageError(`--addr: "${addr}" is no HOST:PORT (an IPv6 address in brackets)`);
    return `http://${addr}`;
  }
  const path = findConfigFile(named, env);
  const config = path === undefined ? undefined : loadConfigFile(path).config;
  if (path === undefined)
    throw new RemoteError("no configuration file found, and by default nothing is served: give --addr");
  if (config === undefined)
    throw new RemoteError(
      `${path} is invalid (see check-config), and by default nothing is served: give --addr`,
    );
  if (!config.metrics.enabled)
    throw new RemoteError(`metrics.enabled is false in ${path}, so nothing is served`);
  return `http://${reachable(config.metrics.listen_addr)}`;
}

/** What listens everywhere is asked here. */
function reachable(listenAddress: string): string {
  const address = parseListenAddress(listenAddress);
  if (address?.ip === "0.0.0.0") return formatAddress({ ...address, ip: "127.0.0.1" });
  if (address?.ip === "::") return formatAddress({ ...address, ip: "::1" });
  return listenAddress;
}

/**
 * Asks for a path.
 *
 * @throws RemoteError when there is no answer
 * @throws UsageError
 */
export async function ask(url: string, path: string, { timeout }: RemoteOptions): Promise<Answer> {
  const timeoutMs = parseDuration(timeout);
  if (timeoutMs === undefined || timeoutMs <= 0)
    throw new UsageError(`--timeout: "${timeout}" is no duration above 0`);
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    // The server is on this host, or near: no proxy of the environment lies in between. The types know only texts.
    const response = await fetch(`${url}${path}`, { signal, proxy: false as unknown as string });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    throw new RemoteError(
      `${url} does not answer: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/**
 * Reads an answer of the API.
 *
 * @throws RemoteError when it is an error
 */
export function readAnswer<Body>({ status, text }: Answer): Body {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new RemoteError(`the answer is no JSON (status ${status}): is this a healthcheck-server?`);
  }
  if (status === 200) return body as Body; // Written by the same version of this program, as page/api.ts says.
  const error =
    typeof body === "object" && body !== null && "error" in body ? String(body.error) : text.trim();
  throw new RemoteError(error);
}
