/** Starts a host that answers ICMP echo requests badly, in another network. Called by the tests of ICMP checks. */
import { join } from "node:path";
import { startChild } from "../base/child.ts";
import type { End } from "../machines/link.ts";
import { PINGER_BEHAVIORS, type PingerBehavior } from "./rogue-pinger-behaviors.ts";

/** A running host; disposing ends it. */
export interface RoguePinger extends AsyncDisposable {
  /** Its address for each behavior. */
  readonly addresses: Readonly<Record<PingerBehavior, string>>;
}

/**
 * Starts it at one end of a cable, on addresses of its own, and makes the other end's routes to them. The kernel there answers no echo
 * request any more.
 *
 * @throws Error when it does not start within 10 s
 */
export async function startRoguePinger(near: End, far: End): Promise<RoguePinger> {
  const entries = PINGER_BEHAVIORS.map((behavior, index) => [behavior, `203.0.113.${index + 1}`] as const);
  far.run(["sh", "-c", "echo 1 > /proc/sys/net/ipv4/icmp_echo_ignore_all"]);
  for (const [, address] of entries) far.run(["ip", "address", "add", `${address}/32`, "dev", "lo"]);
  near.run(["ip", "route", "add", "203.0.113.0/24", "via", far.address]);
  const script = join(import.meta.dir, "rogue-pinger-process.ts");
  const child = await startChild([...far.prefix, process.execPath, script], "the rogue pinger");
  // The cast restores the names that fromEntries() has widened.
  const addresses = Object.fromEntries(entries) as Record<PingerBehavior, string>;
  return { addresses, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
}
