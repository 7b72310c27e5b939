/** Starts a real nameserver in a temporary directory. Called by the files of Knot, Unbound and BIND. */

import { Resolver } from "node:dns/promises";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Peer } from "../base/peers.ts";
import { makeTempDir } from "../base/tempdir.ts";
import { startServer } from "./real-server.ts";

/** The program, files and address of a nameserver. */
export interface NameserverPlan {
  readonly program: Peer;
  /** Arguments of the program. @param dir - its directory */
  readonly args: (dir: string) => readonly string[];
  /** The texts of the files in its directory, by their names. */
  readonly files: (dir: string) => Readonly<Record<string, string>>;
  readonly hostname: string;
  readonly port: number;
  /** It answers for the SOA record of this zone once it has started. */
  readonly zoneName: string;
}

/** Starts it and waits until it answers. @throws Error with the server's log when it does not start */
export async function startNameserver(plan: NameserverPlan): Promise<AsyncDisposable> {
  const { program, hostname, port, zoneName } = plan;
  const dir = makeTempDir(program);
  for (const [name, text] of Object.entries(plan.files(dir.path))) writeFileSync(join(dir.path, name), text);
  return startServer({
    program,
    args: plan.args(dir.path),
    dir,
    isReady: () => answers(hostname, port, zoneName),
  });
}

async function answers(hostname: string, port: number, zoneName: string): Promise<boolean> {
  const resolver = new Resolver({ timeout: 100, tries: 1 });
  resolver.setServers([`${hostname}:${port}`]);
  try {
    await resolver.resolveSoa(zoneName.replace(/\.$/, ""));
    return true;
  } catch {
    return false;
  }
}
