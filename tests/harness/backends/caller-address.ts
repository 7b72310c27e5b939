/**
 * Starts backends that answer with the caller's address, in another network. Called by the tests of the socket options of a check.
 */
import { join } from "node:path";
import { startChild } from "../base/child.ts";
import type { End } from "../machines/link.ts";
import type { Cert } from "./certs.ts";

/** Their ports, on every address of their network. */
export interface CallerAddressPorts {
  /** Sends `from ADDRESS` when a connection opens. */
  readonly tcp: number;
  /** Answers each request with the address as the body. */
  readonly http: number;
  readonly https: number;
  /** Answers each question with the address, over UDP; a name that begins with `big.` over TCP only. */
  readonly dns: number;
  /** Answers each datagram with `from ADDRESS`. */
  readonly udp: number;
}

/** Running backends; disposing ends them. */
export interface CallerAddress extends AsyncDisposable {
  readonly ports: CallerAddressPorts;
}

/**
 * Starts them at one end of a cable.
 *
 * @param addresses - further IPv4 addresses there
 * @throws Error when they do not start within 10 s
 */
export async function startCallerAddress(
  { address, prefix }: End,
  cert: Cert,
  addresses: readonly string[],
): Promise<CallerAddress> {
  const script = join(import.meta.dir, "caller-address-process.ts");
  const command = [...prefix, process.execPath, script, cert.certFile, cert.keyFile, address, ...addresses];
  const child = await startChild(command, "the ports of the backends");
  // The cast names what our own program writes.
  const ports = JSON.parse(child.first) as CallerAddressPorts;
  return { ports, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
}
