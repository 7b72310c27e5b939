/** The addresses behind the host of a listen address. */
import { lookup } from "node:dns/promises";
import { existsSync } from "node:fs";
import { isIP } from "node:net";

/** Resolving may not hold up the start for longer. */
const MAX_LOOKUP_MS = 2_000;
/** Missing where the kernel has no IPv6. */
const IPV6_INTERFACES = "/proc/net/if_inet6";

/** Finds the addresses of a name, as getaddrinfo(3) does. */
export type Lookup = (
  name: string,
) => Promise<readonly { readonly address: string; readonly family: number }[]>;

/**
 * Finds the addresses to listen on, the first that works: IPv4 before IPv6, because that is what clients of a bare name try.
 *
 * @param host - an IP address, a host name, or empty for every address of this host, IPv6 and IPv4
 * @throws Error when the name does not resolve
 */
export async function listenHosts(host: string, find: Lookup = systemLookup): Promise<readonly string[]> {
  if (host === "") return [existsSync(IPV6_INTERFACES) ? "::" : "0.0.0.0"];
  if (isIP(host) !== 0) return [host];
  // Holds without any hosts file as well, as in a container (RFC 6761, 6.3).
  if (/^localhost\.?$/i.test(host)) return ["127.0.0.1"];
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`no answer within ${MAX_LOOKUP_MS} ms`)),
    MAX_LOOKUP_MS,
  );
  try {
    const found = await Promise.race([find(host), late.promise]);
    return found.toSorted((a, b) => a.family - b.family).map(({ address }) => address);
  } catch (error) {
    throw new Error(`${host} does not resolve: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

function systemLookup(name: string) {
  return lookup(name, { all: true });
}
