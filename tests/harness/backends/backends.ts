/**
 * Backends to be checked, on loopback and inside the test process: well-behaved, silent, slow, dead, and able
 * to go down and come back on the same port. Called by the tests of checkers and of the daemon.
 */

import { freePort } from "../base/ports.ts";

/** Address of a backend. */
export interface BackendOptions {
  /** A loopback address, 127.0.0.1 if absent; also 127.x.y.z or ::1. */
  readonly hostname?: string;
  /** A port of one's own choice; a free one if absent. */
  readonly port?: number;
  /** With it, the backend speaks TLS; the files are PEM. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
}

/** A backend; disposing closes it and its connections. */
export interface Backend extends AsyncDisposable {
  readonly hostname: string;
  readonly port: number;
  /** Connections accepted so far. */
  readonly connections: number;
  /** Connections open now. */
  readonly open: number;
  /** Connections that the peer closed with FIN so far. */
  readonly ends: number;
  /** Connections that the peer closed with RST so far. */
  readonly resets: number;
  /** Everything received so far, of all connections, as Latin-1 text. */
  readonly received: string;
  /** Stops listening and drops all connections: from now on the port refuses. */
  down(): void;
  /** Listens again on the same port. */
  up(): void;
}

/** The server's end of one connection. */
export type BackendSocket = Bun.Socket<ConnectionState>;

/** State of a connection; not for tests. */
export interface ConnectionState {
  pending: string;
  ended: boolean;
  timer?: ReturnType<typeof setInterval>;
}

interface Behavior {
  open?(socket: BackendSocket): void;
  data?(socket: BackendSocket, text: string): void;
}

class LoopbackBackend implements Backend {
  readonly hostname: string;
  readonly port: number;
  connections = 0;
  open = 0;
  ends = 0;
  resets = 0;
  received = "";
  readonly #behavior: Behavior;
  readonly #tls: Bun.TLSOptions | undefined;
  #listener: Bun.TCPSocketListener<ConnectionState> | undefined;

  constructor(options: BackendOptions, behavior: Behavior) {
    this.hostname = options.hostname ?? "127.0.0.1";
    this.port = options.port ?? freePort(this.hostname);
    this.#behavior = behavior;
    const { tls } = options;
    this.#tls = tls === undefined ? undefined : { cert: Bun.file(tls.certFile), key: Bun.file(tls.keyFile) };
  }

  up(): void {
    if (this.#listener !== undefined) return;
    this.#listener = Bun.listen<ConnectionState>({
      hostname: this.hostname,
      port: this.port,
      ...(this.#tls === undefined ? {} : { tls: this.#tls }),
      socket: this.#handlers(),
    });
  }

  down(): void {
    this.#listener?.stop(true);
    this.#listener = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.down();
  }

  #handlers(): Bun.SocketHandler<ConnectionState> {
    return {
      open: (socket) => {
        socket.data = { pending: "", ended: false };
        this.connections++;
        this.open++;
        this.#behavior.open?.(socket);
      },
      data: (socket, bytes) => {
        const text = bytes.toString("latin1");
        this.received += text;
        this.#behavior.data?.(socket, text);
      },
      end: (socket) => {
        socket.data.ended = true;
        this.ends++;
      },
      close: (socket, error) => {
        this.open--;
        if (error !== undefined && error !== null && !socket.data.ended) this.resets++;
        clearInterval(socket.data.timer);
      },
      error() {},
    };
  }
}

function start(options: BackendOptions, behavior: Behavior): Backend {
  const backend = new LoopbackBackend(options, behavior);
  backend.up();
  return backend;
}

/** Accepts, reads, says nothing and holds every connection until the peer closes it: a healthy TCP target. */
export function acceptAll(options: BackendOptions = {}): Backend {
  return start(options, {});
}

/** Accepts, takes a request and never answers: a hung application. The same as {@link acceptAll} on the wire. */
export function hang(options: BackendOptions = {}): Backend {
  return start(options, {});
}

/** A port that refuses; `up()` makes it an {@link acceptAll}. */
export function closedPort(options: BackendOptions = {}): Backend {
  return new LoopbackBackend(options, {});
}

/** Accepts and at once begins to write the text one byte at a time; holds the connection afterwards. */
export function drip(options: BackendOptions & { readonly everyMs: number; readonly text: string }): Backend {
  const { everyMs, text } = options;
  return start(options, {
    open(socket) {
      let next = 0;
      socket.data.timer = setInterval(() => {
        if (next < text.length) socket.write(text.charAt(next++));
        else clearInterval(socket.data.timer);
      }, everyMs);
    },
  });
}

/**
 * A web server with raw control over what is written and when.
 * @param handler called for each request head, once its empty line is in, with all the text so far
 */
export function httpServer(
  handler: (request: string, socket: BackendSocket) => void,
  options: BackendOptions = {},
): Backend {
  return start(options, {
    data(socket, text) {
      socket.data.pending += text;
      if (!socket.data.pending.includes("\r\n\r\n")) return;
      const request = socket.data.pending;
      socket.data.pending = "";
      handler(request, socket);
    },
  });
}

/**
 * The text of a complete HTTP/1.1 answer, with its Content-Length.
 * @param headers further header lines, such as `["X-Check: 1"]`
 */
export function httpAnswer(status: number, body = "", headers: readonly string[] = []): string {
  const length = `Content-Length: ${Buffer.byteLength(body)}`;
  return [`HTTP/1.1 ${status} Test`, length, ...headers, "", body].join("\r\n");
}
