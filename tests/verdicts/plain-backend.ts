/** TCP backends that follow a script, on 127.0.0.1. Used by the rows of the verdict table. */
import { closeFd, listenTcp } from "../harness/base/libc.ts";
import { freePort } from "../harness/base/ports.ts";
import type { Backend } from "./behavior.ts";

/** The server's end of one connection, as a script uses it. */
export interface Peer {
  /** Resolves when the first bytes of a request have come; with them as Latin-1 text. */
  request(): Promise<string>;
  /** Resolves when the client has sent its FIN. */
  ended(): Promise<void>;
  /** Writes text (as Latin-1) or bytes; resolves when the kernel has taken all of it. */
  write(what: string | Uint8Array): Promise<void>;
  /** Closes by FIN; the client may still send. */
  end(): void;
  /** Closes by RST. */
  reset(): void;
  /** True until the connection is closed. */
  readonly open: boolean;
}

/** Behavior of a backend on each connection; afterwards the connection stays open until the client closes it. */
export type Script = (peer: Peer) => void | Promise<void>;

class Connection implements Peer {
  readonly #socket: Bun.Socket<Connection>;
  readonly #requested = Promise.withResolvers<string>();
  readonly #ended = Promise.withResolvers<void>();
  #unsent: Uint8Array = new Uint8Array();
  #written: (() => void) | undefined;
  open = true;
  finished = false;

  constructor(socket: Bun.Socket<Connection>) {
    this.#socket = socket;
  }

  request(): Promise<string> {
    return this.#requested.promise;
  }

  ended(): Promise<void> {
    return this.#ended.promise;
  }

  write(what: string | Uint8Array): Promise<void> {
    this.#unsent = typeof what === "string" ? Buffer.from(what, "latin1") : what;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#written = resolve;
    this.drain();
    return promise;
  }

  end(): void {
    this.#socket.end();
  }

  reset(): void {
    this.#socket.terminate();
  }

  drain(): void {
    if (!this.open || this.#written === undefined) return;
    this.#unsent = this.#unsent.subarray(Math.max(0, this.#socket.write(this.#unsent)));
    if (this.#unsent.length > 0) return;
    this.#written();
    this.#written = undefined;
  }

  data(bytes: Buffer): void {
    this.#requested.resolve(bytes.toString("latin1"));
  }

  fin(): void {
    this.#ended.resolve();
    if (this.finished) this.#socket.end();
  }
}

/** Starts a backend. @param tls - with it, the script speaks inside TLS */
export function scripted(script: Script, tls?: Bun.TLSOptions): Backend {
  const port = freePort();
  const listener = Bun.listen<Connection>({
    hostname: "127.0.0.1",
    port,
    allowHalfOpen: true,
    ...(tls === undefined ? {} : { tls }),
    socket: {
      open(socket) {
        const connection = new Connection(socket);
        socket.data = connection;
        const done = () => {
          connection.finished = true;
        };
        const outcome = script(connection);
        if (outcome === undefined) done();
        else void outcome.then(done);
      },
      data: ({ data }, bytes) => data.data(bytes),
      drain: ({ data }) => data.drain(),
      end: ({ data }) => data.fin(),
      close({ data }) {
        data.open = false;
      },
      error() {},
    },
  });
  return { hostname: "127.0.0.1", port, [Symbol.asyncDispose]: async () => void listener.stop(true) };
}

/** A port on which nothing listens. */
export function closed(): Backend {
  return { hostname: "127.0.0.1", port: freePort(), async [Symbol.asyncDispose]() {} };
}

/** A process that listens and is stuck: the kernel completes handshakes, and nothing accepts. */
export function neverAccepts(): Backend {
  const target = { hostname: "127.0.0.1", port: freePort() };
  const fd = listenTcp(target.hostname, target.port, 1_000);
  return { ...target, [Symbol.asyncDispose]: async () => closeFd(fd) };
}

/** Writes text in pieces, each in a segment of its own. */
export async function inPieces(peer: Peer, text: string, size: number, everyMs: number): Promise<void> {
  for (let at = 0; at < text.length && peer.open; at += size) {
    await peer.write(text.slice(at, at + size));
    await Bun.sleep(everyMs);
  }
}
