/** A TLS server that counts how its connections end: OpenSSL's own test server. Called by tests of how checks end theirs. */
import type { Target } from "../client/checks.ts";
import { type CertFiles, startOpenssl } from "./openssl-server.ts";

/** A running server; disposing ends it. */
export interface TlsServer extends Target, AsyncDisposable {
  /** Connections that ended in good order. Both counts come late: the server writes in blocks of some 4 kB. */
  readonly closed: number;
  /** Connections that ended with an error. */
  readonly errors: number;
  /** Stops it in its tracks (SIGSTOP) until it is disposed. */
  freeze(): void;
}

/** Starts the server. @param options - further ones of `openssl s_server` @throws Error when it does not start within 10 s */
export async function startTlsServer(cert: CertFiles, options: readonly string[] = []): Promise<TlsServer> {
  const counts = { closed: 0, errors: 0 };
  const server = await startOpenssl(cert, options, (line) => {
    if (line === "CONNECTION CLOSED") counts.closed++;
    if (line === "ERROR") counts.errors++;
  });
  return {
    hostname: server.hostname,
    port: server.port,
    get closed() {
      return counts.closed;
    },
    get errors() {
      return counts.errors;
    },
    freeze: () => server.freeze(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
