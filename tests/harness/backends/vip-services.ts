/** Starts the services of a backend behind a VIP. Called by the tests of such backends. */
import { join } from "node:path";
import { startChild } from "../base/child.ts";
import type { End } from "../machines/link.ts";

/** Ports of the services, on the VIP and on the own address of a backend. */
export const VIP_PORTS = { tcp: 7_001, http: 7_002, dns: 7_053, udp: 7_004, radius: 1_812 };
/** Secret that the RADIUS service shares with its clients. */
export const VIP_SECRET = "s3cret";

/**
 * Starts them in the network of a backend.
 *
 * @param vip - the address beside its own
 * @returns ends them when it is disposed of
 * @throws Error when they do not start within 15 s
 */
export async function startVipServices({ prefix, address }: End, vip: string): Promise<AsyncDisposable> {
  const script = join(import.meta.dir, "vip-services-process.ts");
  return startChild(
    [...prefix, process.execPath, script, address, vip],
    "the services of the backend",
    15_000,
  );
}
