/** Starts OpenSSL's own test server, `openssl s_server`. Called by the files of the TLS servers that checks meet. */
import { peerPath } from "../base/peers.ts";
import { freePort } from "../base/ports.ts";
import { readLines, stopProcess } from "../base/process.ts";
import { until } from "../base/wait.ts";
import type { Target } from "../client/checks.ts";
import type { Cert } from "./certs.ts";

/** Certificate and key of a server. */
export type CertFiles = Pick<Cert, "certFile" | "keyFile">;

/** A running server; disposing ends it. */
export interface OpensslServer extends Target, AsyncDisposable {
  /** Sends a command line on its standard input. */
  command(line: string): void;
  /** Stops it in its tracks (SIGSTOP) until it is disposed. */
  freeze(): void;
}

/**
 * Starts a server with a certificate on a free port.
 *
 * @param options - of s_server, besides certificate and address
 * @param onLine - receives each line of its standard output
 * @throws Error when it does not accept within 10 s
 */
export async function startOpenssl(
  { certFile, keyFile }: CertFiles,
  options: readonly string[],
  onLine: (line: string, server: Pick<OpensslServer, "command">) => void,
): Promise<OpensslServer> {
  const target = { hostname: "127.0.0.1", port: freePort() };
  const files = ["-cert", certFile, "-key", keyFile, "-accept", `${target.hostname}:${target.port}`];
  const child = Bun.spawn([peerPath("openssl"), "s_server", ...options, ...files], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "ignore",
  });
  const command = (line: string) => {
    child.stdin.write(`${line}\n`);
    void child.stdin.flush();
  };
  let accepting = false;
  const reading = readLines(child.stdout, (line) => {
    if (line.startsWith("ACCEPT")) accepting = true;
    onLine(line, { command });
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
  return { ...target, command, freeze: () => child.kill("SIGSTOP"), [Symbol.asyncDispose]: stop };
}
