/**
 * A real authoritative nameserver: Knot DNS in a temporary directory. Called by the tests of the DNS checker.
 */

import { join } from "node:path";
import { freePort, hasIpv6Loopback } from "../base/ports.ts";
import { startNameserver } from "./real-nameserver.ts";

/** The zone of {@link DEFAULT_ZONE}. */
export const DEFAULT_ZONE_NAME = "example.test.";

const BIG_SET = 120;

/**
 * Zone `example.test.`: `www` (three A, two AAAA), `one` (one A), `alias` (CNAME to www), `dangling` (CNAME to a
 * name that is not there), `outside` (CNAME to a name of another zone), `empty` (TXT only, so no A), `v6only`, MX and TXT at the apex; `big` (120 A) and `bigtxt`
 * (20 TXT) do not fit 1,232 bytes, so their UDP answer is truncated; `medium` (40 A) fits 1,232 but not 512.
 */
export const DEFAULT_ZONE = `$ORIGIN ${DEFAULT_ZONE_NAME}
$TTL 60
@ SOA ns.example.test. admin.example.test. 1 3600 600 86400 60
@ NS ns
@ MX 10 mail
@ MX 20 mail2
@ TXT "v=spf1 -all"
ns A 127.0.0.1
mail A 192.0.2.25
mail2 A 192.0.2.26
www A 192.0.2.1
www A 192.0.2.2
www A 192.0.2.3
www AAAA 2001:db8::1
www AAAA 2001:db8::2
one A 192.0.2.10
v6only AAAA 2001:db8::10
alias CNAME www
dangling CNAME nowhere
outside CNAME www.elsewhere.test.
empty TXT "only text here"
${Array.from({ length: 40 }, (_, index) => `medium A 198.51.100.${index + 1}`).join("\n")}
${Array.from({ length: BIG_SET }, (_, index) => `big A 203.0.113.${index + 1}`).join("\n")}
${Array.from({ length: 20 }, (_, index) => `bigtxt TXT "${index} ${"x".repeat(200)}"`).join("\n")}
`;

/** A running nameserver, UDP and TCP, on 127.0.0.1 and on ::1 where that exists; disposing ends it. */
export interface Knot extends AsyncDisposable {
  readonly port: number;
  /** True when it listens on ::1 too. */
  readonly ipv6: boolean;
}

/** Address of the listener. */
export interface KnotAddress {
  /** A loopback address; with it, only there. */
  readonly hostname?: string;
  readonly port?: number;
}

/**
 * Starts Knot DNS with one zone and waits until it answers for it.
 * @param zoneText the zone in master file format; needs an SOA record
 * @param where an address and port of one's own choice instead of 127.0.0.1, ::1 and a free port
 * @throws Error with the server's log when it does not start
 */
export async function startKnot(
  zoneText = DEFAULT_ZONE,
  zoneName = DEFAULT_ZONE_NAME,
  where: KnotAddress = {},
): Promise<Knot> {
  const { hostname = "127.0.0.1" } = where;
  const ipv6 = where.hostname === undefined && hasIpv6Loopback();
  const port = where.port ?? freePort();
  const addresses = [hostname, ...(ipv6 ? ["::1"] : [])].map((address) => `${address}@${port}`);
  const server = await startNameserver({
    program: "knotd",
    args: (dir) => ["-c", join(dir, "knot.conf")],
    files: (dir) => ({ zone: zoneText, "knot.conf": configText(dir, zoneName, addresses) }),
    hostname,
    port,
    zoneName,
  });
  return { port, ipv6, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

function configText(dir: string, zoneName: string, addresses: readonly string[]): string {
  return `server:
    rundir: "${dir}"
    listen: [ ${addresses.join(", ")} ]
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: info
database:
    storage: "${dir}"
template:
  - id: default
    storage: "${dir}"
    zonefile-sync: -1
    journal-content: none
zone:
  - domain: ${zoneName}
    file: "zone"
`;
}
