/**
 * The listener in front of the HTTP server: bounds how many connections there are and how long each may take. A client must not
 * be able to take descriptors or memory away from the checks, nor to lock out the next client.
 *
 * There is a number of places. When all are taken, a new connection takes that of the one that has waited longest without being
 * answered. When all are being answered, it waits in line: then each connection ends with its answer, and the first in line takes its
 * place. Among those in line the address that holds the fewest places comes first, so no address keeps out another.
 */
import { createServer, type Server, type Socket } from "node:net";
import type { Address } from "../model/spec.ts";

/** How long connections may take; milliseconds. */
const REQUEST_MS = 10_000;
/** A connection without a request is kept for so long; milliseconds. */
export const KEEP_ALIVE_MS = 75_000;
const STUCK_MS = 30_000;
/** When there is no place left, an answer that has not moved on for so long makes room, … */
const SLOW_MS = 2_000;
/** … and one that has gone on for so long, though it moves on. */
const LONG_MS = 5_000;
/** While connections wait in line, places are looked for this often. */
const LINE_SWEEP_MS = 100;
/**
 * A request has so many sweeps to arrive before another connection may take its place. Counted and not measured: on a busy event loop time
 * passes without anything being read.
 */
const GRACE_SWEEPS = 3;
const END_OF_HEAD = "\r\n\r\n";
/** Connections are looked after so often, while there are any. */
const SWEEP_MS = 1_000;

/** What is known of a connection. */
interface ConnectionState {
  /** Answers under way. */
  answering: number;
  /** Whether a request has begun to come; a new connection owes one. */
  requesting: boolean;
  /** Since when it has been at what it is at. */
  sinceMs: number;
  /** Sweeps since it has owed a request. */
  sweeps: number;
  /** When its present answer began. */
  answerMs: number;
  /** Bytes read when its last answer ended, and bytes written when its answer last moved on. */
  read: number;
  written: number;
}

/**
 * Listener in front of the HTTP server that bounds the number of connections and the duration of each, so that no client exhausts
 * descriptors or locks out another.
 */
export class ConnectionLimiter {
  readonly #server: Server;
  readonly #guests = new Map<Socket, ConnectionState>();
  readonly #most: number;
  readonly #mostInLine: number;
  readonly #admit: (socket: Socket) => void;
  /** Connections without a place, in the order in which they came. What they send waits in the socket. */
  readonly #line: Socket[] = [];
  #sweeping: ReturnType<typeof setInterval> | undefined;
  #sweepingLine: ReturnType<typeof setInterval> | undefined;

  /**
   * @param most - places
   * @param mostInLine - connections that wait for a place while all are being answered; further ones are closed
   * @param admit - takes a connection over
   */
  constructor(most: number, mostInLine: number, admit: (socket: Socket) => void) {
    this.#most = most;
    this.#mostInLine = mostInLine;
    this.#admit = admit;
    this.#server = createServer((socket) => this.#enter(socket));
    this.#server.on("error", () => {
      // A connection that could not be accepted; whoever is listening hears why it cannot.
    });
  }

  /** Connections that have a place. */
  get size(): number {
    return this.#guests.size;
  }

  /** Whether connections wait in line, so that each ends with its answer. */
  get crowded(): boolean {
    return this.#line.length > 0;
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
    if (guest.answering++ === 0) {
      guest.sinceMs = performance.now();
      guest.answerMs = guest.sinceMs;
    }
    return () => {
      guest.answering--;
      guest.requesting = false;
      guest.sweeps = 0;
      guest.sinceMs = performance.now();
      guest.read = socket.bytesRead;
      // What has been written goes out first.
      if (this.crowded && guest.answering === 0) endSoon(socket);
    };
  }

  /** Closes the listener and every connection. */
  close(): void {
    this.#server.close();
    for (const socket of [...this.#guests.keys(), ...this.#line.splice(0)]) socket.destroy();
    clearInterval(this.#sweeping);
    clearInterval(this.#sweepingLine);
  }

  #enter(socket: Socket): void {
    socket.on("error", () => {
      // A connection that breaks is its client's affair; `close` follows.
    });
    socket.once("close", () => this.#leave(socket));
    this.#line.push(socket);
    this.#advance();
    if (this.#line.length > this.#mostInLine) this.#shorten();
  }

  /** Gives places to those in line as long as there are any. */
  #advance(): void {
    while (this.#line.length > 0 && (this.#guests.size < this.#most || this.#dismissOne())) {
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
    this.#guests.set(socket, {
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

  /** Takes out of the line whose address holds the fewest places; of several one with a whole request, then the oldest. */
  #takeNext(): Socket | undefined {
    const held = countByAddress(this.#guests.keys());
    // A request that is not whole counts as less than one place more.
    const rank = (socket: Socket) => (held.get(socket.remoteAddress) ?? 0) + (hasRequest(socket) ? 0 : 0.5);
    const ranks = this.#line.map(rank);
    const next = ranks.indexOf(Math.min(...ranks));
    return this.#line.splice(next, 1)[0];
  }

  /** Closes a connection of the address that has most in line: the oldest without a whole request, or else the newest. */
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
    this.#guests.delete(socket);
    this.#advance();
    if (this.#guests.size > 0) return;
    clearInterval(this.#sweeping);
    this.#sweeping = undefined;
  }

  /**
   * Closes the connection that has waited longest, or else the one whose answer is the slowest.
   *
   * @returns false when there is none to close
   */
  #dismissOne(): boolean {
    const nowMs = performance.now();
    let worst: Socket | undefined;
    let mostMs = 0;
    for (const [socket, guest] of this.#guests) {
      watch(socket, guest, nowMs);
      const waitedMs = nowMs - guest.sinceMs;
      // Whoever is not being answered goes first.
      const slowMs = Math.max(waitedMs - SLOW_MS, nowMs - guest.answerMs - LONG_MS);
      const rankMs = guest.answering > 0 ? slowMs : waitedMs + STUCK_MS;
      if (rankMs <= mostMs || (guest.requesting && guest.answering === 0 && guest.sweeps < GRACE_SWEEPS))
        continue;
      worst = socket;
      mostMs = rankMs;
    }
    if (worst === undefined) return false;
    const answered = this.#guests.get(worst)?.requesting === false;
    this.#guests.delete(worst);
    if (answered) endSoon(worst);
    else worst.destroy();
    return true;
  }

  #countSweep(): void {
    for (const guest of this.#guests.values()) guest.sweeps++;
  }

  #sweep(): void {
    this.#countSweep();
    const nowMs = performance.now();
    for (const [socket, guest] of this.#guests) {
      watch(socket, guest, nowMs);
      if (nowMs - guest.sinceMs > allowedMs(guest)) socket.destroy();
    }
  }
}

/** Ends a connection once the kernel has what was written to it, or soon. */
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

/** Whether a connection in line has sent a whole request; what it has sent stays in the socket. */
function hasRequest(socket: Socket): boolean {
  if (withRequest.has(socket)) return true;
  if (socket.bytesRead === 0) return false;
  // A socket without an encoding gives bytes.
  const sent = socket.read() as Buffer | null;
  if (sent === null) return false;
  socket.unshift(sent);
  const whole = sent.includes(END_OF_HEAD);
  if (whole) withRequest.add(socket);
  return whole;
}

/** Notes what has happened on a connection since the last look. */
function watch(socket: Socket, guest: ConnectionState, nowMs: number): void {
  const movedOn = guest.answering > 0 && socket.bytesWritten !== guest.written;
  const begun = guest.answering === 0 && !guest.requesting && socket.bytesRead !== guest.read;
  if (begun) guest.requesting = true;
  if (begun || movedOn) guest.sinceMs = nowMs;
  guest.written = socket.bytesWritten;
}

function allowedMs({ answering, requesting }: ConnectionState): number {
  if (answering > 0) return STUCK_MS;
  return requesting ? REQUEST_MS : KEEP_ALIVE_MS;
}
