/** A router behind which servers cannot be reached. Called by the tests of ICMP errors. */
import type { Link } from "./link.ts";

/** Addresses behind the router, by the answer to packets for them. */
export const UNREACHABLE = {
  /** ICMP host unreachable, from the router. */
  host: "198.51.100.1",
  /** ICMP administratively prohibited, from the router. */
  prohibited: "198.51.100.2",
  /** The router has no route, or what `third` of {@link makeUnreachable} names. */
  third: "198.51.100.3",
  /** On the cable; no host has the address. */
  absent: "192.0.2.77",
  /** No route leads there from the near end. */
  unrouted: "203.0.113.1",
} as const;

/**
 * Makes a router of the far end of a cable, and the near end's routes to the addresses behind it.
 *
 * @param third - kind of the router's route to the third address; none when absent
 */
export function makeUnreachable({ near, far }: Link, third?: "blackhole"): void {
  far.run(["sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"]);
  // ICMP messages to one host are limited to one a second by default.
  far.run(["sh", "-c", "echo 0 > /proc/sys/net/ipv4/icmp_ratelimit"]);
  const { host, prohibited, third: address } = UNREACHABLE;
  // Those of a router without a route are limited for each source address, so each server is asked from another one.
  for (const [index, server] of [host, prohibited, address].entries()) {
    const source = `192.0.2.1${index + 1}`;
    near.run(["ip", "address", "add", `${source}/32`, "dev", "cable"]);
    near.run(["ip", "route", "add", server, "via", far.address, "src", source]);
  }
  far.run(["ip", "route", "add", "unreachable", host]);
  far.run(["ip", "route", "add", "prohibit", prohibited]);
  if (third !== undefined) far.run(["ip", "route", "add", third, address]);
}
