/**
 * A TLS backend whose connection is spoilt after the handshake: when its request has come, bytes that TLS did not make go
 * to the peer. Called by tests/faults.
 */

import { freePort } from "../base/ports.ts";
import type { Target } from "../client/checks.ts";
import { type Hostile, hostile } from "./hostile.ts";

interface Pair {
  other: Bun.Socket<Pair> | undefined;
}

const RELAY: Bun.SocketHandler<Pair> = {
  data: (socket, bytes) => void socket.data.other?.write(bytes),
  close(socket) {
    socket.data.other?.end();
  },
  error() {},
};

/** Starts one on a free port of 127.0.0.1; disposing ends it. @param spoil - the bytes, as Latin-1 */
export function tlsInjector(tls: Bun.TLSOptions, spoil: string): Target & AsyncDisposable {
  const port = freePort();
  const peers = new Set<Bun.Socket<Pair>>();
  const inner: Hostile = hostile(
    {
      asked: () => {
        for (const peer of peers) peer.write(Buffer.from(spoil, "latin1"));
      },
    },
    tls,
  );
  const listener = Bun.listen<Pair>({
    hostname: "127.0.0.1",
    port,
    socket: {
      ...RELAY,
      async open(peer) {
        peer.data = { other: undefined };
        peers.add(peer);
        // Its data wait in the kernel meanwhile.
        peer.pause();
        const { hostname } = inner;
        peer.data.other = await Bun.connect({
          hostname,
          port: inner.port,
          socket: RELAY,
          data: { other: peer },
        });
        peer.resume();
      },
      close(peer) {
        peers.delete(peer);
        peer.data.other?.end();
      },
    },
  });
  return {
    hostname: "127.0.0.1",
    port,
    async [Symbol.asyncDispose]() {
      listener.stop(true);
      await inner[Symbol.asyncDispose]();
    },
  };
}
