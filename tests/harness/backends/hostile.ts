/**
 * Backends that break every rule of TCP: reset at a chosen moment, never end, say nonsense. Called by tests/faults.
 */

import { freePort } from "../base/ports.ts";

/** The server's end of one connection, as a behavior uses it. */
export interface Talk {
  /** Writes, now or as soon as the peer takes it. */
  say(what: string | Uint8Array): void;
  /** Writes the piece repeatedly until the given number of bytes are out, as fast as the peer accepts them. */
  flood(piece: string | Uint8Array, bytes?: number): void;
  /** Does something again and again while the connection lasts. */
  every(ms: number, what: () => void): void;
  /** Closes by RST. */
  reset(): void;
  /** Closes by FIN. */
  end(): void;
}

/**
 * Behavior of a hostile backend: on connect, and on the first bytes of a request. The bytes are valid during the call
 * only.
 */
export interface Behavior {
  readonly accepted?: (talk: Talk) => void;
  readonly asked?: (talk: Talk, request: Buffer) => void;
}

/** A hostile backend; disposing closes it and its connections. */
export interface Hostile extends AsyncDisposable {
  readonly hostname: string;
  readonly port: number;
  /** Connections so far. */
  readonly connections: number;
  /** Connections open now. */
  readonly open: number;
  /** Bytes that peers have taken so far. */
  readonly sentBytes: number;
}

interface Line {
  talk: Connection;
  asked: boolean;
}

const PIECES = 64;

/** Starts one on a free port of 127.0.0.1. @param tls - PEM texts; with them it speaks TLS first */
export function hostile(behavior: Behavior, tls?: Bun.TLSOptions): Hostile {
  const counts = { connections: 0, open: 0, sentBytes: 0 };
  const port = freePort();
  const listener = Bun.listen<Line>({
    hostname: "127.0.0.1",
    port,
    ...(tls === undefined ? {} : { tls }),
    socket: {
      open(socket) {
        counts.connections++;
        counts.open++;
        socket.data = { talk: new Connection(socket, (bytes) => (counts.sentBytes += bytes)), asked: false };
        behavior.accepted?.(socket.data.talk);
      },
      data({ data }, bytes) {
        if (data.asked) return;
        data.asked = true;
        behavior.asked?.(data.talk, bytes);
      },
      drain: ({ data }) => data.talk.goOn(),
      close({ data }) {
        counts.open--;
        data.talk.stop();
      },
      error() {},
    },
  });
  return {
    hostname: "127.0.0.1",
    port,
    get connections() {
      return counts.connections;
    },
    get open() {
      return counts.open;
    },
    get sentBytes() {
      return counts.sentBytes;
    },
    async [Symbol.asyncDispose]() {
      listener.stop(true);
    },
  };
}

/** One connection; keeps what the peer does not take yet. */
class Connection implements Talk {
  readonly #socket: Bun.Socket<Line>;
  readonly #sent: (bytes: number) => void;
  #unsent: Uint8Array = new Uint8Array();
  #piece: Uint8Array = new Uint8Array();
  #left = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(socket: Bun.Socket<Line>, sent: (bytes: number) => void) {
    this.#socket = socket;
    this.#sent = sent;
  }

  say(what: string | Uint8Array): void {
    this.#unsent = Buffer.concat([
      this.#unsent,
      typeof what === "string" ? Buffer.from(what, "latin1") : what,
    ]);
    this.goOn();
  }

  flood(piece: string | Uint8Array, bytes = Number.POSITIVE_INFINITY): void {
    const one = typeof piece === "string" ? Buffer.from(piece, "latin1") : piece;
    this.#piece = Buffer.concat(Array.from({ length: PIECES }, () => one));
    this.#left = bytes;
    this.goOn();
  }

  every(ms: number, what: () => void): void {
    this.#timer = setInterval(what, ms);
  }

  reset(): void {
    this.#socket.terminate();
  }

  end(): void {
    this.#socket.end();
  }

  goOn(): void {
    for (;;) {
      if (this.#unsent.length === 0 && this.#left > 0) {
        this.#unsent = this.#piece.subarray(0, Math.min(this.#piece.length, this.#left));
        this.#left -= this.#unsent.length;
      }
      if (this.#unsent.length === 0) return;
      const written = Math.max(0, this.#socket.write(this.#unsent));
      this.#sent(written);
      this.#unsent = this.#unsent.subarray(written);
      if (this.#unsent.length > 0) return;
    }
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#left = 0;
    this.#unsent = new Uint8Array();
  }
}
