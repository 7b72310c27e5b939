/** Starts backends that count accepted connections. Called by the tests of the handshake. */
import { join } from "node:path";
import { startChild } from "../base/child.ts";
import type { Target } from "../client/checks.ts";

/** Kinds of backends: one that holds connections, a web server, and one that resets each connection it accepts. */
export type CounterKind = "silent" | "web" | "rude";

/** Running backends; disposing ends them. */
export interface Counter extends AsyncDisposable {
  readonly targets: Readonly<Record<CounterKind, Target>>;
  /** Returns the connections that the application of each kind has accepted so far. */
  accepted(): Promise<Readonly<Record<CounterKind, number>>>;
}

/**
 * Starts one backend of each kind.
 *
 * @param hostname - the address that they listen on
 * @param prefix - a command that runs them as its arguments, in another network for example
 * @throws Error when they do not start within 10 s
 */
export async function startCounter(hostname = "127.0.0.1", prefix: readonly string[] = []): Promise<Counter> {
  const script = join(import.meta.dir, "counter-process.ts");
  const child = await startChild(
    [...prefix, process.execPath, script, hostname],
    "the ports of the counting backends",
  );
  // The casts name what our own program writes.
  const ports = JSON.parse(child.first) as Record<CounterKind, number>;
  return {
    targets: {
      silent: { hostname, port: ports.silent },
      web: { hostname, port: ports.web },
      rude: { hostname, port: ports.rude },
    },
    accepted: async () => JSON.parse(await child.ask("count")) as Record<CounterKind, number>,
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}
