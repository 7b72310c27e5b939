/** Unbound as a resolver that asks given authoritative nameservers. Called by the tests of the DNS checker. */

import { join } from "node:path";
import { freePort } from "../base/ports.ts";
import { startNameserver } from "./real-nameserver.ts";

/** A running resolver on 127.0.0.1, UDP and TCP; disposing ends it. */
export interface Unbound extends AsyncDisposable {
  readonly port: number;
}

/**
 * Starts Unbound and waits until it answers for the first zone.
 * @param zones - port of the nameserver on 127.0.0.1 by the name of each zone; at least one
 */
export async function startUnbound(zones: Readonly<Record<string, number>>): Promise<Unbound> {
  const port = freePort();
  const [zoneName = "."] = Object.keys(zones);
  const server = await startNameserver({
    program: "unbound",
    args: (dir) => ["-d", "-d", "-c", join(dir, "unbound.conf")],
    files: (dir) => ({ "unbound.conf": configText(dir, port, zones) }),
    hostname: "127.0.0.1",
    port,
    zoneName,
  });
  return { port, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

function configText(dir: string, port: number, zones: Readonly<Record<string, number>>): string {
  const stubs = Object.entries(zones).map(
    ([name, stubPort]) => `stub-zone:\n  name: "${name}"\n  stub-addr: 127.0.0.1@${stubPort}\n`,
  );
  return `server:
  directory: "${dir}"
  chroot: ""
  username: ""
  pidfile: "${dir}/pid"
  use-syslog: no
  interface: 127.0.0.1
  port: ${port}
  num-threads: 1
  access-control: 127.0.0.0/8 allow
  do-not-query-localhost: no
  module-config: "iterator"
  local-zone: "test." nodefault
  version: "tested"
remote-control:
  control-enable: no
${stubs.join("")}`;
}
