/** Services over datagrams in another network, on any number of addresses. Called by the tests of lost packets. */
import { join } from "node:path";
import { startChild } from "../base/child.ts";
import type { End } from "../machines/link.ts";

/** Answers with the datagram. */
export const ECHO_PORT = 7_001;
/** Accepts every user, with the secret of radius-server.ts. */
export const RADIUS_PORT = 1_812;
/** Has an A record for every name. */
export const DNS_PORT = 53;

/** Starts them at the far end of a cable; disposing ends them. @param addresses - added there, with the other end's routes to them */
export async function startDatagramServices(
  near: End,
  far: End,
  addresses: readonly string[],
): Promise<AsyncDisposable> {
  for (const address of addresses) {
    far.run(["ip", "address", "add", `${address}/32`, "dev", "lo"]);
    near.run(["ip", "route", "add", address, "via", far.address]);
  }
  const script = join(import.meta.dir, "datagram-services-process.ts");
  return startChild([...far.prefix, process.execPath, script, ...addresses], "the services");
}
