/**
 * One client on the proxy socket. Lines are handled one after the other; while one is being handled, or the client does not
 * read its answers, no more is read from it than the limits allow.
 */
import { Waiters } from "../model/waiters.ts";
import { type Line, LineSplitter, release } from "../protocol/lines.ts";
import { Queue } from "./queue.ts";

/** The longest line of a client: 10,000 configs are about 2 MB. */
export const MAX_CLIENT_LINE_BYTES = 64 * 1_024 * 1_024;

/** Limits of the queues of a connection. */
export interface ConnectionLimits {
  /** Lines that were received and not handled. */
  readonly inbound: number;
  /** Answers that were not written. */
  readonly outbound: number;
}

/** Receives the events of a connection. */
export interface ConnectionEvents {
  /** Handles a line; the next one follows when the promise settles. */
  line(line: Line): Promise<void>;
  /** Handles a line that is too long; nothing more is read. */
  overflow(): void;
  /** Receives that everything has been written. */
  drained(): void;
  /** Receives that a limit was reached: reading stops until there is room. */
  paused(direction: "inbound" | "outbound"): void;
  /** Receives the end of the connection; no other event follows. */
  closed(error: Error | undefined): void;
}

/** The runtime's socket, with the connection as its data. */
export type ClientSocket = Bun.Socket<Connection | undefined>;

/** Reads the lines of a client and writes lines to it, within limits. */
export class Connection {
  readonly #socket: ClientSocket;
  readonly #events: ConnectionEvents;
  readonly #splitter = new LineSplitter(MAX_CLIENT_LINE_BYTES);
  readonly #lines = new Queue<Line>();
  #limits: ConnectionLimits;
  #lineBytes = 0;
  #unwritten: Uint8Array[] = [];
  #handling = false;
  #paused = false;
  /** We have closed the connection: received lines are dropped. */
  #closing = false;
  /** The client has closed the connection: lines that it sent before are still handled. */
  #ended = false;
  readonly #drainWaiters = new Waiters();

  constructor(socket: ClientSocket, limits: ConnectionLimits, events: ConnectionEvents) {
    this.#socket = socket;
    this.#limits = limits;
    this.#events = events;
  }

  /** True if everything passed to {@link send} has been written. */
  get drained(): boolean {
    return this.#unwritten.length === 0;
  }

  /** Settles when everything has been written, the connection has ended, or the signal aborts. */
  async waitDrained(signal: AbortSignal): Promise<void> {
    if (!this.drained) await this.#drainWaiters.wait(signal);
  }

  /** Lines queued in either direction. */
  get depths(): ConnectionLimits {
    return { inbound: this.#lines.length, outbound: this.#unwritten.length };
  }

  /** Applies new limits. */
  reconfigure(limits: ConnectionLimits): void {
    this.#limits = limits;
  }

  /** Writes lines in order, as soon as the client reads. */
  send(lines: string): void {
    if (this.#closing || this.#ended) return;
    const bytes = Buffer.from(lines);
    if (this.#unwritten.length > 0) {
      this.#unwritten.push(bytes);
      this.#watch();
      return;
    }
    const written = Math.max(0, this.#socket.write(bytes));
    if (written < bytes.length) this.#unwritten.push(bytes.subarray(written));
  }

  /** Writes a last line if there is room for it, and closes the connection. */
  close(lastLine = ""): void {
    if (this.#closing || this.#ended) return;
    // Behind a half-written line another one would be garbage.
    if (lastLine !== "" && this.drained) this.#socket.write(lastLine);
    this.#closing = true;
    this.#lines.clear();
    this.#unwritten = [];
    this.#drainWaiters.release();
    this.#socket.end();
  }

  /** @internal From the listener. */
  handleData(bytes: Uint8Array): void {
    if (this.#closing) return;
    for (const line of this.#splitter.push(bytes)) {
      this.#lines.push(line);
      this.#lineBytes += line.byteLength;
    }
    if (this.#splitter.overflowed) this.#events.overflow();
    else {
      this.#watch();
      if (!this.#handling) void this.#handle();
    }
  }

  /** @internal From the listener. */
  handleDrain(): void {
    while (this.#unwritten.length > 0) {
      const bytes = this.#unwritten[0] ?? new Uint8Array();
      const written = Math.max(0, this.#socket.write(bytes));
      if (written < bytes.length) {
        this.#unwritten[0] = bytes.subarray(written);
        return;
      }
      this.#unwritten.shift();
    }
    this.#drainWaiters.release();
    this.#watch();
    if (!this.#closing) this.#events.drained();
  }

  /** @internal From the listener. */
  handleClose(error: Error | undefined): void {
    this.#ended = true;
    this.#unwritten = [];
    this.#drainWaiters.release();
    this.#events.closed(error);
    if (!this.#handling) void this.#handle();
  }

  async #handle(): Promise<void> {
    this.#handling = true;
    while (!this.#closing && this.#unwritten.length < this.#limits.outbound) {
      const line = this.#lines.shift();
      if (line === undefined) break;
      this.#lineBytes -= line.byteLength;
      this.#watch();
      await this.#events.line(line);
      release(line);
    }
    this.#handling = false;
  }

  /** Stops or resumes reading and handling, according to the lengths of the queues. */
  #watch(): void {
    if (this.#ended) return;
    const inboundFull = this.#lines.length >= this.#limits.inbound || this.#lineBytes > MAX_CLIENT_LINE_BYTES;
    const outboundFull = this.#unwritten.length >= this.#limits.outbound;
    if ((inboundFull || outboundFull) && !this.#paused) {
      this.#paused = true;
      this.#socket.pause();
      this.#events.paused(outboundFull ? "outbound" : "inbound");
    } else if (!inboundFull && !outboundFull && this.#paused) {
      this.#paused = false;
      if (!this.#closing) this.#socket.resume();
    }
    if (!outboundFull && !this.#handling && this.#lines.length > 0) void this.#handle();
  }
}
