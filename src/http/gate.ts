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
      this.#server.once("error", reject);
      this.#server.listen({ host: ip, port }, () => {
        this.#server.off("error", reject);
        const bound = this.#server.address();
        resolve({ ip, port: typeof bound === "object" && bound !== null ? bound.port : port });
      });
    });
  }

  /** An answer on a connection begins. @returns to be called when it has ended */
  answering(socket: Socket): () => void {
    const guest = this.#guests.get(socket);
    if (guest === undefined) return () => {};
    guest.answering++;
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

  /** Sends away the connection that has waited longest; false when all are being answered. */
  #dismissOne(): boolean {
    let longest: Socket | undefined;
    let sinceMs = Number.POSITIVE_INFINITY;
    for (const [socket, guest] of this.#guests) {
      if (guest.answering > 0 || guest.sinceMs >= sinceMs) continue;
      longest = socket;
      sinceMs = guest.sinceMs;
    }
    if (longest === undefined) return false;
    this.#guests.delete(longest);
    longest.destroy();
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
