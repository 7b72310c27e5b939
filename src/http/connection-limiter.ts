/**
 * The listener in front of the HTTP server: bounds the number of connections and the duration of each. A client must not
 * be able to exhaust descriptors or memory of the checks, nor to lock out another client.
 *
 * The number of places is fixed. When all are taken, a new connection replaces the one that has waited longest without a
 * response. When all are being answered, it waits in line: then each connection ends with its response, and the first in line takes its
 * place. Within the line the address with the fewest places comes first, so no address locks out another.
 */
import { createServer, type Server, type Socket } from "node:net";
import type { Address } from "../model/spec.ts";

/** Time in which a connection must send its request, in milliseconds. */
const REQUEST_MS = 10_000;
/** Time for which an idle connection is kept, in milliseconds. */
export const KEEP_ALIVE_MS = 75_000;
/** Time without progress after which a response is canceled, in milliseconds. */
const STUCK_MS = 30_000;
/** While no place is free: time without progress after which a response is canceled, in milliseconds. */
const SLOW_MS = 2_000;
/** While no place is free: duration after which a response is canceled despite progress, in milliseconds. */
const LONG_MS = 5_000;
/** Interval of the search for free places while connections wait in line, in milliseconds. */
const LINE_SWEEP_MS = 100;
/**
 * Number of sweeps within which a request must arrive before another connection may take its place. Counted, not measured: on a busy event loop time
 * passes in which nothing is read.
 */
const GRACE_SWEEPS = 3;
const END_OF_HEAD = "\r\n\r\n";
/** Interval of the sweep over the connections, in milliseconds. */
const SWEEP_MS = 1_000;

/** State of a connection. */
interface ConnectionState {
  /** Number of responses in progress. */
  answering: number;
  /** True when a request is expected or has partly arrived; true for a new connection. */
  requesting: boolean;
  /** Time since which it is idle, waits for a request, or is answered. */
  sinceMs: number;
  /** Number of sweeps since a request is expected. */
  sweeps: number;
  /** Start time of the current response. */
  answerMs: number;
  /** Bytes read at the end of the last response, and bytes written at the last progress of the current one. */
  read: number;
  written: number;
}

/**
 * Listener in front of the HTTP server that bounds the number of connections and the duration of each, so that no client exhausts
 * descriptors or locks out another.
 */
export class ConnectionLimiter {
  readonly #server: Server;
  readonly #connections = new Map<Socket, ConnectionState>();
  readonly #maxPlaces: number;
  readonly #maxInLine: number;
  readonly #admit: (socket: Socket) => void;
  /** Connections without a place, in the order of their arrival. Their requests stay unread in the socket. */
  readonly #line: Socket[] = [];
  #sweeping: ReturnType<typeof setInterval> | undefined;
  #sweepingLine: ReturnType<typeof setInterval> | undefined;

  /**
   * @param maxPlaces - number of places
   * @param maxInLine - maximum number of connections in line; further ones are closed
   * @param admit - takes over a connection
   */
  constructor(maxPlaces: number, maxInLine: number, admit: (socket: Socket) => void) {
    this.#maxPlaces = maxPlaces;
    this.#maxInLine = maxInLine;
    this.#admit = admit;
    this.#server = createServer((socket) => this.#enter(socket));
    this.#server.on("error", () => {
      // A connection could not be accepted. An error of `listen` also reaches its caller.
    });
  }

  /** Number of connections that have a place. */
  get size(): number {
    return this.#connections.size;
  }

  /** True while connections wait in line, so that each connection ends with its response. */
  get crowded(): boolean {
    return this.#line.length > 0;
  }

  /**
   * Listens.
   *
   * @returns the address, with the actual port if 0 was given
   * @throws Error when it cannot listen
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

  /** Notes that a response begins on a connection. @returns a function to call at its end */
  answering(socket: Socket): () => void {
    const state = this.#connections.get(socket);
    if (state === undefined) return () => {};
    if (state.answering++ === 0) {
      state.sinceMs = performance.now();
      state.answerMs = state.sinceMs;
    }
    return () => {
      state.answering--;
      state.requesting = false;
      state.sweeps = 0;
      state.sinceMs = performance.now();
      state.read = socket.bytesRead;
      // Written data is sent first.
      if (this.crowded && state.answering === 0) endSoon(socket);
    };
  }

  /** Closes the listener and every connection. */
  close(): void {
    this.#server.close();
    for (const socket of [...this.#connections.keys(), ...this.#line.splice(0)]) socket.destroy();
    clearInterval(this.#sweeping);
    clearInterval(this.#sweepingLine);
  }

  #enter(socket: Socket): void {
    socket.on("error", () => {
      // A broken connection needs no handling; `close` follows.
    });
    socket.once("close", () => this.#leave(socket));
    this.#line.push(socket);
    this.#advance();
    if (this.#line.length > this.#maxInLine) this.#shorten();
  }

  /** Gives free places to connections in line. */
  #advance(): void {
    while (this.#line.length > 0 && (this.#connections.size < this.#maxPlaces || this.#dismissOne())) {
      const socket = this.#takeNext();
      if (socket !== undefined) this.#place(socket);
    }
    if (this.#line.length > 0)
      this.#sweepingLine ??= setInterval(() => {
        this.#countSweep();
        this.#advance();
      }, LINE_SWEEP_MS);
    else {
      clearInterval(this.#sweepingLine);
      this.#sweepingLine = undefined;
    }
  }

  #place(socket: Socket): void {
    const nowMs = performance.now();
    this.#connections.set(socket, {
      answering: 0,
      requesting: true,
      sinceMs: nowMs,
      sweeps: 0,
      answerMs: nowMs,
      read: 0,
      written: 0,
    });
    this.#sweeping ??= setInterval(() => this.#sweep(), SWEEP_MS);
    this.#admit(socket);
  }

  /** Removes from the line the connection whose address has the fewest places; of several the one with a complete request, then the oldest. */
  #takeNext(): Socket | undefined {
    const held = countByAddress(this.#connections.keys());
    // An incomplete request counts as a fraction of a place.
    const rank = (socket: Socket) => (held.get(socket.remoteAddress) ?? 0) + (hasRequest(socket) ? 0 : 0.5);
    const ranks = this.#line.map(rank);
    const next = ranks.indexOf(Math.min(...ranks));
    return this.#line.splice(next, 1)[0];
  }

  /** Closes a connection of the address with the most connections in line: the oldest without a complete request, else the newest. */
  #shorten(): void {
    const waiting = countByAddress(this.#line);
    const most = Math.max(...waiting.values());
    const crowd = this.#line.filter(({ remoteAddress }) => waiting.get(remoteAddress) === most);
    const slow = crowd.slice(0, -1).find((socket) => !hasRequest(socket));
    const socket = slow ?? crowd.at(-1);
    if (socket === undefined) return;
    this.#line.splice(this.#line.indexOf(socket), 1);
    socket.destroy();
  }

  #leave(socket: Socket): void {
    const at = this.#line.indexOf(socket);
    if (at >= 0) this.#line.splice(at, 1);
    this.#connections.delete(socket);
    this.#advance();
    if (this.#connections.size > 0) return;
    clearInterval(this.#sweeping);
    this.#sweeping = undefined;
  }

  /**
   * Closes the connection that has waited longest, or else the one whose answer is the slowest.
   *
   * @returns false when no connection can be closed
   */
  #dismissOne(): boolean {
    const nowMs = performance.now();
    let worst: Socket | undefined;
    let longestMs = 0;
    for (const [socket, state] of this.#connections) {
      watch(socket, state, nowMs);
      const waitedMs = nowMs - state.sinceMs;
      // Connections without a response in progress are closed first.
      const slowMs = Math.max(waitedMs - SLOW_MS, nowMs - state.answerMs - LONG_MS);
      const rankMs = state.answering > 0 ? slowMs : waitedMs + STUCK_MS;
      if (rankMs <= longestMs || (state.requesting && state.answering === 0 && state.sweeps < GRACE_SWEEPS))
        continue;
      worst = socket;
      longestMs = rankMs;
    }
    if (worst === undefined) return false;
    const answered = this.#connections.get(worst)?.requesting === false;
    this.#connections.delete(worst);
    if (answered) endSoon(worst);
    else worst.destroy();
    return true;
  }

  #countSweep(): void {
    for (const state of this.#connections.values()) state.sweeps++;
  }

  #sweep(): void {
    this.#countSweep();
    const nowMs = performance.now();
    for (const [socket, state] of this.#connections) {
      watch(socket, state, nowMs);
      if (nowMs - state.sinceMs > allowedMs(state)) socket.destroy();
    }
  }
}

/** Ends a connection as soon as the kernel has taken the written data, or after a short time. */
function endSoon(socket: Socket): void {
  socket.destroySoon();
  const late = setTimeout(() => socket.destroy(), SLOW_MS);
  socket.once("close", () => clearTimeout(late));
}

function countByAddress(sockets: Iterable<Socket>): Map<string | undefined, number> {
  const counts = new Map<string | undefined, number>();
  for (const { remoteAddress } of sockets) counts.set(remoteAddress, (counts.get(remoteAddress) ?? 0) + 1);
  return counts;
}

const withRequest = new WeakSet<Socket>();

/** Reports whether a connection in line has sent a complete request, which stays in the socket. */
function hasRequest(socket: Socket): boolean {
  if (withRequest.has(socket)) return true;
  if (socket.bytesRead === 0) return false;
  // A socket without an encoding returns bytes.
  const sent = socket.read() as Buffer | null;
  if (sent === null) return false;
  socket.unshift(sent);
  const whole = sent.includes(END_OF_HEAD);
  if (whole) withRequest.add(socket);
  return whole;
}

/** Records the progress of a connection since the last sweep. */
function watch(socket: Socket, state: ConnectionState, nowMs: number): void {
  const movedOn = state.answering > 0 && socket.bytesWritten !== state.written;
  const begun = state.answering === 0 && !state.requesting && socket.bytesRead !== state.read;
  if (begun) state.requesting = true;
  if (begun || movedOn) state.sinceMs = nowMs;
  state.written = socket.bytesWritten;
}

function allowedMs({ answering, requesting }: ConnectionState): number {
  if (answering > 0) return STUCK_MS;
  return requesting ? REQUEST_MS : KEEP_ALIVE_MS;
}
