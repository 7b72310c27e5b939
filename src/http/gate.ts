/**
 * The listener in front of the HTTP server: bounds how many connections there are and how long each may take. Whoever connects
 * must not be able to take descriptors away from the checks, nor memory, nor to lock out the next one.
 */
import { createServer, type Server, type Socket } from "node:net";
import type { Address } from "../model/spec.ts";

/** How long connections may take; milliseconds. */
const REQUEST_MS = 10_000;
/** A connection without a request is kept for so long; milliseconds. */
export const KEEP_ALIVE_MS = 75_000;
const STUCK_MS = 30_000;
/** When there is no place left, an answer that has not moved on for so long makes room. */
const SLOW_MS = 2_000;
/** Connections are looked after so often, while there are any. */
const SWEEP_MS = 1_000;

/** What is known of a connection. */
interface Guest {
  /** Answers under way. */
  answering: number;
  /** Whether a request has begun to come; a new connection owes one. */
  requesting: boolean;
  /** Since when it has been at what it is at. */
  sinceMs: number;
  /** Bytes read when its last answer ended, and bytes written when its answer last moved on. */
  read: number;
  written: number;
}

/** See the head of the file. */
export class Gate {
  readonly #server: Server;
  readonly #guests = new Map<Socket, Guest>();
  readonly #most: number;
  #sweeping: ReturnType<typeof setInterval> | undefined;

  /**
   * @param most - connections at once; when another one comes, the one that has waited longest goes
   * @param admit - takes a connection over
   */
  constructor(most: number, admit: (socket: Socket) => void) {
    this.#most = most;
    this.#server = createServer((socket) => {
      if (this.#enter(socket)) admit(socket);
    });
    this.#server.on("error", () => {
      // A connection that could not be accepted; whoever is listening hears why it cannot.
    });
  }

  /** Connections now. */
  get size(): number {
    return this.#guests.size;
  }

  /**
   * Listens.
   *
   * @returns where; the port is a real one also when 0 was asked for
   * @throws Error when it cannot
   */
  listen({ ip, port }: Address): Promise<Address> {
    return new Promise((resolve, reject) => {
      const refused = (error: Error) => {
        this.#server.off("listening", listening);
        reject(error);
      };
      const listening = () => {
        this.#server.off("error", refused);
        const bound = this.#server.address();
        resolve({ ip, port: typeof bound === "object" && bound !== null ? bound.port : port });
      };
      this.#server.once("error", refused).once("listening", listening);
      this.#server.listen({ host: ip, port });
    });
  }

  /** An answer on a connection begins. @returns to be called when it has ended */
  answering(socket: Socket): () => void {
    const guest = this.#guests.get(socket);
    if (guest === undefined) return () => {};
    if (guest.answering++ === 0) guest.sinceMs = performance.now();
    return () => {
      guest.answering--;
      guest.requesting = false;
      guest.sinceMs = performance.now();
      guest.read = socket.bytesRead;
    };
  }

  /** Closes the listener and every connection. */
  close(): void {
    this.#server.close();
    for (const socket of this.#guests.keys()) socket.destroy();
    clearInterval(this.#sweeping);
  }

  #enter(socket: Socket): boolean {
    socket.on("error", () => {
      // A connection that breaks is its client's affair; `close` follows.
    });
    if (this.#guests.size >= this.#most && !this.#dismissOne()) {
      socket.destroy();
      return false;
    }
    this.#guests.set(socket, {
      answering: 0,
      requesting: true,
      sinceMs: performance.now(),
      read: 0,
      written: 0,
    });
    socket.once("close", () => this.#leave(socket));
    this.#sweeping ??= setInterval(() => this.#sweep(), SWEEP_MS);
    return true;
  }

  #leave(socket: Socket): void {
    this.#guests.delete(socket);
    if (this.#guests.size > 0) return;
    clearInterval(this.#sweeping);
    this.#sweeping = undefined;
  }

  /**
   * Sends away the connection that has waited longest, or else the one whose answer has not been read for longest; false when
   * every answer moves on.
   */
  #dismissOne(): boolean {
    const nowMs = performance.now();
    let worst: Socket | undefined;
    let mostMs = 0;
    for (const [socket, guest] of this.#guests) {
      watch(socket, guest, nowMs);
      const waitedMs = nowMs - guest.sinceMs;
      // Whoever is not being answered goes first.
      const rankMs = guest.answering > 0 ? waitedMs - SLOW_MS : waitedMs + STUCK_MS;
      if (rankMs <= mostMs) continue;
      worst = socket;
      mostMs = rankMs;
    }
    if (worst === undefined) return false;
    this.#guests.delete(worst);
    worst.destroy();
    return true;
  }

  #sweep(): void {
    const nowMs = performance.now();
    for (const [socket, guest] of this.#guests) {
      watch(socket, guest, nowMs);
      if (nowMs - guest.sinceMs > allowedMs(guest)) socket.destroy();
    }
  }
}

/** Notes what has happened on a connection since the last look. */
function watch(socket: Socket, guest: Guest, nowMs: number): void {
  const movedOn = guest.answering > 0 && socket.bytesWritten !== guest.written;
  const begun = guest.answering === 0 && !guest.requesting && socket.bytesRead !== guest.read;
  if (begun) guest.requesting = true;
  if (begun || movedOn) guest.sinceMs = nowMs;
  guest.written = socket.bytesWritten;
}

function allowedMs({ answering, requesting }: Guest): number {
  if (answering > 0) return STUCK_MS;
  return requesting ? REQUEST_MS : KEEP_ALIVE_MS;
}
