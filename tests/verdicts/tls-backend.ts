/** TLS backends on 127.0.0.1, and devices in front of one. Used by the rows of the verdict table. */

import { writeFileSync } from "node:fs";
import { connect, createServer as createRelay, type Server } from "node:net";
import { join } from "node:path";
import { createServer, type TLSSocket, type TlsOptions } from "node:tls";
import { startTlsServer } from "../harness/backends/tls-server.ts";
import { freePort } from "../harness/base/ports.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import type { Backend } from "./behavior.ts";
import type { Pem } from "./pki.ts";
import { type Script, scripted } from "./plain-backend.ts";

/** Behavior of a TLS backend after the handshake. */
export type SecureScript = (socket: TLSSocket, request: Promise<string>) => void | Promise<void>;

/** Starts a TLS backend. */
export async function secure(options: TlsOptions, script: SecureScript): Promise<Backend> {
  const server = createServer(options, (socket) => {
    socket.on("error", () => {});
    const request = new Promise<string>((resolve) => {
      socket.once("data", (bytes: Buffer) => resolve(bytes.toString("latin1")));
    });
    void script(socket, request);
  });
  server.on("tlsClientError", () => {});
  return listen(server);
}

/** Starts OpenSSL's own server, for what the runtime's TLS library does not offer; it answers 200. */
export async function openssl({ cert, key }: Pem, options: readonly string[]): Promise<Backend> {
  const stack = new AsyncDisposableStack();
  try {
    const { path } = stack.use(makeTempDir("openssl"));
    const files = { certFile: join(path, "cert.pem"), keyFile: join(path, "key.pem") };
    writeFileSync(files.certFile, cert);
    writeFileSync(files.keyFile, key);
    const { hostname, port } = stack.use(await startTlsServer(files, ["-www", ...options]));
    return { hostname, port, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** A plain backend that does something once a ClientHello has come. */
export function afterHello(script: Script): Backend {
  return scripted(async (peer) => {
    await peer.request();
    await script(peer);
  });
}

/**
 * A device before a TLS backend that lets a connection through only when its first segment satisfies it; others are reset.
 * @param admits - decides by the first bytes of the client
 */
export async function guarded(inner: Backend, admits: (hello: Buffer) => boolean): Promise<Backend> {
  const relay = createRelay((client) => {
    client.on("error", () => {});
    client.once("data", (hello: Buffer) => {
      if (!admits(hello)) {
        client.resetAndDestroy();
        return;
      }
      const server = connect(inner.port, inner.hostname);
      server.on("error", () => client.destroy());
      server.write(hello);
      client.pipe(server).pipe(client);
      client.on("close", () => server.destroy());
    });
  });
  const outer = await listen(relay);
  return {
    ...outer,
    async [Symbol.asyncDispose]() {
      await outer[Symbol.asyncDispose]();
      await inner[Symbol.asyncDispose]();
    },
  };
}

async function listen(server: Server): Promise<Backend> {
  const port = freePort();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(port, "127.0.0.1", resolve);
  await promise;
  return { hostname: "127.0.0.1", port, [Symbol.asyncDispose]: async () => void server.close() };
}
