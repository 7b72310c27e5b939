/**
 * A TLS 1.2 server that renegotiates as soon as it receives a request: OpenSSL's own test server, controlled over its
 * standard input. Called by tests/faults.
 */

import { peerPath } from "../base/peers.ts";
import { freePort } from "../base/ports.ts";
import { readLines, stopProcess } from "../base/process.ts";
import { until } from "../base/wait.ts";
import type { Target } from "../client/checks.ts";
import type { Cert } from "./certs.ts";

/** A running one; disposing ends it. */
export interface Renegotiator extends Target, AsyncDisposable {
  /** Handshakes that peers have repeated so far. */
  readonly renegotiations: number;
}

/** Starts it. @throws Error when it does not start within 10 s */
export async function startRenegotiator({ certFile, keyFile }: Cert): Promise<Renegotiator> {
  const port = freePort();
  const child = Bun.spawn(
    [
      peerPath("openssl"),
      "s_server",
      "-tls1_2",
      "-cert",
      certFile,
      "-key",
      keyFile,
      "-accept",
      `127.0.0.1:${port}`,
    ],
    { stdin: "pipe", stdout: "pipe", stderr: "ignore" },
  );
  let accepting = false;
  let renegotiations = 0;
  const reading = readLines(child.stdout, (line) => {
    if (line.startsWith("ACCEPT")) accepting = true;
    // What it says of a repeated handshake that went well.
    if (line === "SSL_do_handshake -> 1") renegotiations++;
    // The request has come; `r` at the beginning of a line is its command to renegotiate.
    if (!line.startsWith("User-Agent")) return;
    child.stdin.write("r\n");
    void child.stdin.flush();
  });
  const stop = async () => {
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
    get renegotiations() {
      return renegotiations;
    },
    [Symbol.asyncDispose]: stop,
  };
}
