/** A TLS 1.2 server that renegotiates as soon as it receives a request: OpenSSL's own test server. Called by tests/faults. */
import type { Target } from "../client/checks.ts";
import type { Cert } from "./certs.ts";
import { startOpenssl } from "./openssl-server.ts";

/** A running server; disposing ends it. */
export interface Renegotiator extends Target, AsyncDisposable {
  /** Handshakes that peers have repeated so far. */
  readonly renegotiations: number;
}

/** Starts the server. @throws Error when it does not start within 10 s */
export async function startRenegotiator(cert: Cert): Promise<Renegotiator> {
  let renegotiations = 0;
  const server = await startOpenssl(cert, ["-tls1_2"], (line, { command }) => {
    // The server prints this after a repeated handshake that succeeded.
    if (line === "SSL_do_handshake -> 1") renegotiations++;
    // The request has arrived; `r` at the beginning of a line is the server's command to renegotiate.
    if (line.startsWith("User-Agent")) command("r");
  });
  return {
    hostname: server.hostname,
    port: server.port,
    get renegotiations() {
      return renegotiations;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
