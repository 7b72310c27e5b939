/** Starts a real server in a directory of its own. Called by the files of FreeRADIUS and of the nameservers. */
import { type Peer, peerPath } from "../base/peers.ts";
import { readLines, stopProcess } from "../base/process.ts";
import type { TempDir } from "../base/tempdir.ts";
import { until } from "../base/wait.ts";

const START_MS = 15_000;

/** The command of a server, and the sign that it serves. */
export interface ServerPlan {
  readonly program: Peer;
  readonly args: readonly string[];
  /** Working directory; removed with the server. */
  readonly dir: TempDir;
  /** Reports whether it serves. @param log - its lines so far */
  readonly isReady: (log: readonly string[]) => boolean | Promise<boolean>;
}

/** A running server; disposing ends it. */
export interface RealServer extends AsyncDisposable {
  /** Lines of its standard output and error, in the order of their arrival. */
  readonly log: readonly string[];
}

/** Starts a server and waits until it serves. @throws Error with its log when it does not within 15 s */
export async function startServer({ program, args, dir, isReady }: ServerPlan): Promise<RealServer> {
  const child = Bun.spawn([peerPath(program), ...args], {
    cwd: dir.path,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const log: string[] = [];
  const reading = [child.stdout, child.stderr].map((stream) => readLines(stream, (line) => log.push(line)));
  const stop = async () => {
    await stopProcess(child);
    await Promise.all(reading);
    dir.remove();
  };
  try {
    await until(() => child.exitCode !== null || isReady(log), START_MS, `${program} to serve`);
    if (child.exitCode !== null) throw new Error(`${program} did not start: ${log.join("\n")}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { log, [Symbol.asyncDispose]: stop };
}
