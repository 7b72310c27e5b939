/** A real forward proxy: tinyproxy with a configuration in a temporary directory. Called by the tests of HTTP checks through a proxy. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { peerPath } from "../base/peers.ts";
import { accepts, freePort } from "../base/ports.ts";
import { stopProcess } from "../base/process.ts";
import { makeTempDir } from "../base/tempdir.ts";
import { until } from "../base/wait.ts";
import type { Target } from "../client/checks.ts";

/** User and password that the proxy asks for. */
export const PROXY_USER = { name: "probe", password: "pr0xy-pa55" };

/** A running proxy; disposing ends it. */
export interface Tinyproxy extends Target, AsyncDisposable {}

/** Starts it on 127.0.0.1. @param connectPort - the only port that it opens tunnels to @throws Error when it does not accept within 10 s */
export async function startTinyproxy(connectPort: number): Promise<Tinyproxy> {
  const dir = makeTempDir("tinyproxy");
  const port = freePort();
  const file = join(dir.path, "tinyproxy.conf");
  const settings = [
    `Port ${port}`,
    "Listen 127.0.0.1",
    "Timeout 30",
    "MaxClients 20",
    "Allow 127.0.0.1",
    `BasicAuth ${PROXY_USER.name} ${PROXY_USER.password}`,
    `ConnectPort ${connectPort}`,
  ];
  writeFileSync(file, `${settings.join("\n")}\n`);
  const child = Bun.spawn([peerPath("tinyproxy"), "-d", "-c", file], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
  });
  const stop = async () => {
    await stopProcess(child);
    dir.remove();
  };
  try {
    const ready = () => child.exitCode !== null || accepts("127.0.0.1", port);
    await until(ready, 10_000, "tinyproxy to accept");
    if (child.exitCode !== null) throw new Error(`tinyproxy ended with status ${child.exitCode}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { hostname: "127.0.0.1", port, [Symbol.asyncDispose]: stop };
}
