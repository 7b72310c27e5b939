/** Peers of every kind in a booted system's network: HTTPS, HTTP, SSH's banner, nameservers, a collector of traces. Called by tests/systemd. */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { makeCa } from "../harness/backends/certs.ts";
import { startChild } from "../harness/base/child.ts";
import type { Booted } from "./nspawn.ts";

const START_LIMIT_MS = 30_000;
/** The documents' addresses (RFC 5737): backends, and a nameserver. */
const BACKENDS = ["192.0.2.1", "192.0.2.2"];
const NAMESERVER = "192.0.2.53";

/** The running peers; disposing ends them. */
export interface Peers extends AsyncDisposable {
  readonly collectorPort: number;
  /** Names of the spans that the collector has received. */
  readonly spans: readonly string[];
}

/** Starts them. The certificate is for www.example.com, of an authority that the booted system trusts from then on. */
export async function startPeers(booted: Booted): Promise<Peers> {
  const stack = new AsyncDisposableStack();
  const ca = stack.use(await makeCa());
  const cert = ca.issue({ name: "www.example.com", sans: ["DNS:www.example.com"] });
  cpSync(ca.caFile, booted.path("/usr/local/share/ca-certificates/test.crt"));
  await booted.ok("update-ca-certificates");
  for (const ip of [...BACKENDS, NAMESERVER]) await booted.ok(`ip address replace ${ip}/32 dev lo`);
  const program = [process.execPath, join(import.meta.dir, "nspawn-peers-process.ts")];
  const command = [...booted.inNetwork, ...program, cert.certFile, cert.keyFile, NAMESERVER];
  try {
    const child = stack.use(await startChild(command, "the peers", START_LIMIT_MS));
    return {
      collectorPort: Number(child.first),
      get spans() {
        return child.lines.slice(1);
      },
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}
