/** Peers of every kind in a booted system's network: HTTPS, HTTP, SSH's banner, nameservers, a collector of traces. Called by tests/systemd. */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { makeCa } from "../harness/backends/certs.ts";
import { readLines, stopProcess } from "../harness/base/process.ts";
import { until } from "../harness/base/wait.ts";
import type { Booted } from "./nspawn.ts";

const START_LIMIT_MS = 30_000;
/** The documents' addresses (RFC 5737): backends, and a nameserver. */
const BACKENDS = ["192.0.2.1", "192.0.2.2"];
const NAME_SERVER = "192.0.2.53";

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
  for (const ip of [...BACKENDS, NAME_SERVER]) await booted.ok(`ip address replace ${ip}/32 dev lo`);
  const program = [process.execPath, join(import.meta.dir, "nspawn-peers-process.ts")];
  const child = Bun.spawn([...booted.inNetwork, ...program, cert.certFile, cert.keyFile, NAME_SERVER], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const lines: string[] = [];
  const reading = readLines(child.stdout, (line) => lines.push(line));
  stack.defer(async () => {
    await stopProcess(child);
    await reading;
  });
  try {
    const collectorPort = Number(await until(() => lines[0], START_LIMIT_MS, "the peers"));
    return {
      collectorPort,
      get spans() {
        return lines.slice(1);
      },
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}
