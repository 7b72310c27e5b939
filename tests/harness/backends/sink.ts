/**
 * Backends in a process of their own, so that their CPU is not the test's. Called by the tests of the daemon's load.
 */

import { join } from "node:path";
import { startChild } from "../base/child.ts";
import type { Target } from "../client/checks.ts";

/** A running sink; disposing ends it. */
export interface Sink extends AsyncDisposable {
  readonly targets: readonly Target[];
}

/**
 * Starts a process that accepts on the given number of loopback ports.
 * @param prefix - a command that runs it as its arguments, in another network for example
 * @param hostname - address; 0.0.0.0 for all
 * @throws Error when it does not start within 10 s
 */
export async function startSink(
  ports: number,
  prefix: readonly string[] = [],
  hostname = "127.0.0.1",
): Promise<Sink> {
  const program = [process.execPath, join(import.meta.dir, "sink-process.ts"), String(ports), hostname];
  const child = await startChild([...prefix, ...program], "the sink's ports");
  // The cast names what our own program writes.
  const targets = (JSON.parse(child.first) as number[]).map((port) => ({ hostname, port }));
  return { targets, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
}
