/**
 * Backends in a process of their own, so that their CPU is not the test's. Called by the tests of the daemon's load.
 */

import { join } from "node:path";
import { readLines, stopProcess } from "../base/process.ts";
import { until } from "../base/wait.ts";
import type { Target } from "../client/checks.ts";

/** A running sink; disposing ends it. */
export interface Sink extends AsyncDisposable {
  readonly targets: readonly Target[];
}

/**
 * Starts a process that accepts on the given number of loopback ports.
 * @param prefix - a command that runs it as its arguments, in another network for example
 * @throws Error when it does not start within 10 s
 */
export async function startSink(ports: number, prefix: readonly string[] = []): Promise<Sink> {
  const program = [process.execPath, join(import.meta.dir, "sink-process.ts"), String(ports)];
  const child = Bun.spawn([...prefix, ...program], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const lines: string[] = [];
  const reading = readLines(child.stdout, (line) => lines.push(line));
  const stop = async () => {
    await stopProcess(child);
    await reading;
  };
  try {
    const line = await until(() => lines[0], 10_000, "the sink's ports");
    // The cast names what our own program writes.
    const targets = (JSON.parse(line) as number[]).map((port) => ({ hostname: "127.0.0.1", port }));
    return { targets, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
