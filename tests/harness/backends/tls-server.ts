/**
 * A TLS server that says how its connections end: OpenSSL's own test server. Called by tests of how checks end theirs.
 */

import { peerPath } from "../base/peers.ts";
import { freePort } from "../base/ports.ts";
import { readLines, stopProcess } from "../base/process.ts";
import { until } from "../base/wait.ts";
import type { Target } from "../client/checks.ts";
import type { Cert } from "./certs.ts";

/** A running one; disposing ends it. */
export interface TlsServer extends Target, AsyncDisposable {
  /** Connections that ended in good order. Both counts come late: the server writes when it has some 4 kB to say. */
  readonly closed: number;
  /** Connections that ended with an error. */
  readonly errors: number;
  /** Stops it in its tracks (SIGSTOP) until it is disposed. */
  freeze(): void;
}

/**
 * Starts it.
 *
 * @param options - further ones of `openssl s_server`
 * @throws Error when it does not start within 10 s
 */
export async function startTlsServer(
  { certFile, keyFile }: Pick<Cert, "certFile" | "keyFile">,
  options: readonly string[] = [],
): Promise<TlsServer> {
  const port = freePort();
  const child = Bun.spawn(
    [
      ...[peerPath("openssl"), "s_server", "-cert", certFile, "-key", keyFile],
      ...["-accept", `127.0.0.1:${port}`, ...options],
    ],
    { stdin: "pipe", stdout: "pipe", stderr: "ignore" },
  );
  let accepting = false;
  const counts = { closed: 0, errors: 0 };
  const reading = readLines(child.stdout, (line) => {
    if (line.startsWith("ACCEPT")) accepting = true;
    if (line === "CONNECTION CLOSED") counts.closed++;
    if (line === "ERROR") counts.errors++;
  });
  const stop = async () => {
    child.kill("SIGCONT");
    await stopProcess(child);
    await reading;
  };
  try {
    await until(() => accepting, 10_000, "openssl s_server to accept");
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    hostname: "127.0.0.1",
    port,
    get closed() {
      return counts.closed;
    },
    get errors() {
      return counts.errors;
    },
    freeze: () => child.kill("SIGSTOP"),
    [Symbol.asyncDispose]: stop,
  };
}
