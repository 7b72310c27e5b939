/** keepalived as a contender: its TCP checks, of backends of a virtual server. Called by scenarios/cut-off.ts. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { peerPath } from "../../../tests/harness/base/peers.ts";
import { readLines } from "../../../tests/harness/base/process.ts";
import { makeTempDir } from "../../../tests/harness/base/tempdir.ts";
import type { Target } from "../../../tests/harness/client/checks.ts";
import { killOnExit } from "../child-cleanup.ts";

/** Targets of keepalived. */
export interface KeepalivedPlan {
  readonly targets: readonly Target[];
  /** Seconds from one check to the next, and for one connection. */
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  /** Failures in a row that take a backend out. */
  readonly fall: number;
  /** A prefix for its command. */
  readonly prefix: readonly string[];
}

/** A running keepalived; disposing ends it. */
export interface Keepalived extends AsyncDisposable {
  /** Number of backends that it has taken out of the virtual server and not back in. */
  readonly down: number;
  /** Number of backends that it checks. */
  readonly checked: number;
}

/** Starts checking the targets. */
export async function startKeepalived(plan: KeepalivedPlan): Promise<Keepalived> {
  const dir = makeTempDir("keepalived");
  const file = join(dir.path, "keepalived.conf");
  writeFileSync(file, configuration(plan));
  const pids = ["-p", join(dir.path, "parent.pid"), "-c", join(dir.path, "checkers.pid")];
  const command = [peerPath("keepalived"), "-n", "-l", "-D", "-C", "-f", file, ...pids];
  const child = Bun.spawn([...plan.prefix, ...command], {
    env: { ...process.env, ...ipvs(dir.path) },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const lines: string[] = [];
  const reading = [child.stdout, child.stderr].map((stream) => readLines(stream, (line) => lines.push(line)));
  const orphan = killOnExit(child.pid);
  const count = (text: string) => lines.filter((line) => line.includes(text)).length;
  return {
    get down() {
      return count(": Removing service ") - count(": Adding service ");
    },
    get checked() {
      return count(": Activating healthchecker for service ");
    },
    async [Symbol.asyncDispose]() {
      // A kill would leave its child process behind.
      child.kill("SIGTERM");
      await child.exited;
      orphan[Symbol.dispose]();
      await Promise.all(reading);
      dir.remove();
    },
  };
}

/** Variables of the environment that stand in for IPVS where the kernel has none. */
function ipvs(dir: string): Readonly<Record<string, string>> {
  if (existsSync("/proc/net/ip_vs")) return {};
  const library = join(dir, "ipvs.so");
  const source = join(import.meta.dir, "keepalived-ipvs.c");
  const compiled = Bun.spawnSync([peerPath("gcc"), "-shared", "-fPIC", "-o", library, source, "-ldl"]);
  if (!compiled.success) throw new Error(`gcc: ${compiled.stderr.toString()}`);
  return { LD_PRELOAD: library };
}

function configuration({ targets, intervalSeconds, timeoutSeconds, fall }: KeepalivedPlan): string {
  return [
    "virtual_server 198.51.100.1 80 {",
    `  delay_loop ${intervalSeconds}`,
    "  protocol TCP",
    ...targets.flatMap(({ hostname, port }) => [
      `  real_server ${hostname} ${port} {`,
      "    TCP_CHECK {",
      `      connect_timeout ${timeoutSeconds}`,
      `      retry ${fall - 1}`,
      `      delay_before_retry ${intervalSeconds}`,
      "    }",
      "  }",
    ]),
    "}",
    "",
  ].join("\n");
}
