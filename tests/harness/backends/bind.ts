/** BIND's `named` as an authoritative nameserver. Called by the tests of the DNS checker. */

import { join } from "node:path";
import { freePort } from "../base/ports.ts";
import { startNameserver } from "./real-nameserver.ts";

/** The zone that it serves. */
export const BIND_ZONE_NAME = "elsewhere.test.";
/** Its answer to `version.bind CH TXT`. */
export const BIND_VERSION = "tested; with a blank";

const ZONE = `$ORIGIN ${BIND_ZONE_NAME}
$TTL 60
@ SOA ns.elsewhere.test. host\\.master.elsewhere.test. 2024010101 3600 600 86400 60
@ NS ns
@ MX 10 Mail
@ MX 20 mail.other.test.
@ CAA 0 issue "ca.test; account=1"
nomail MX 0 .
ns A 127.0.0.1
www A 192.0.2.40
www AAAA 2001:db8::40
_sip._tcp SRV 0 5 5060 sip
text TXT "v=spf1 " "-all" " \\"quoted\\""
long TXT "${"k".repeat(200)}" "${"e".repeat(200)}"
1.2.0.192.in-addr PTR www
a CNAME b
b CNAME c
c CNAME www
loop1 CNAME loop2
loop2 CNAME loop1
medium A 198.51.100.1
${Array.from({ length: 40 }, (_, index) => `medium A 198.51.100.${index + 1}`).join("\n")}
`;

/** A running nameserver on 127.0.0.1, UDP and TCP; disposing ends it. */
export interface Bind extends AsyncDisposable {
  readonly port: number;
}

/** Starts BIND with {@link BIND_ZONE_NAME} and waits until it answers. */
export async function startBind(): Promise<Bind> {
  const port = freePort();
  const server = await startNameserver({
    program: "named",
    args: (dir) => ["-g", "-n", "1", "-c", join(dir, "named.conf")],
    files: (dir) => ({ zone: ZONE, "named.conf": configText(dir, port) }),
    hostname: "127.0.0.1",
    port,
    zoneName: BIND_ZONE_NAME,
  });
  return { port, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

function configText(dir: string, port: number): string {
  return `options {
  directory "${dir}";
  pid-file "${dir}/named.pid";
  session-keyfile "${dir}/session.key";
  listen-on port ${port} { 127.0.0.1; };
  listen-on-v6 { none; };
  recursion no;
  rrset-order { order none; };
  dnssec-validation no;
  empty-zones-enable no;
  version "${BIND_VERSION}";
};
controls { };
zone "${BIND_ZONE_NAME}" { type primary; file "${dir}/zone"; };
`;
}
