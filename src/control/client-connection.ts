/**
 * One client on the proxy socket: its lines in, ours out. Lines are handled one after the other; while one is being handled,
 * or the client does not take its answers, nothing more is read from it than the bounds allow.
 */
import { type Line, LineSplitter, release } from "../protocol/lines.ts";
import { Queue } from "./queue.ts";

/** The longest line of a client: 10,000 configs are about 2 MB. */
export const MAX_CLIENT_LINE_BYTES = 64 * 1_024 * 1_024;

/** How much may wait in a connection. */
export interface ConnectionLimits {
  /** Lines received and not handled. */
  readonly inbound: number;
  /** Answers not written. */
  readonly outbound: number;
}

/** What a connection makes happen. */
export interface ConnectionEvents {
  /** A line came; the next follows when this is settled. */
  line(line: Line): Promise<void>;
  /** A line was too long; nothing more is read. */
  overflow(): void;
  /** Everything has been written. */
  drained(): void;
  /** A bound was reached, and reading has stopped until there is room. */
  paused(direction: "inbound" | "outbound"): void;
  /** The connection is over; nothing follows. */
  closed(error: Error | undefined): void;
}

/** The runtime's socket, with what its types leave out. */
export type ClientSocket = Bun.Socket<Connection | undefined>;

/** See the head of the file. */
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
  /** We have closed it: whatever came is of no interest. */
  #closing = false;
  /** The client has closed it: what it had sent before still counts. */
  #ended = false;

  constructor(socket: ClientSocket, limits: ConnectionLimits, events: ConnectionEvents) {
    this.#socket = socket;
    this.#limits = limits;
    this.#events = events;
  }

  /** Whether everything handed to {@link send} has been written. */
  get drained(): boolean {
    return this.#unwritten.length === 0;
  }

  /** Lines that wait, either way. */
  get depths(): ConnectionLimits {
    return { inbound: this.#lines.length, outbound: this.#unwritten.length };
  }

  /** Takes over new bounds. */
  configure(limits: ConnectionLimits): void {
    this.#limits = limits;
  }

  /** Writes lines, now or when the client reads; in order. */
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

  /** Writes a last line if there is room for it, and closes. */
  close(lastLine = ""): void {
    if (this.#closing || this.#ended) return;
    // Behind a half-written line another one would be garbage.
    if (lastLine !== "" && this.drained) this.#socket.write(lastLine);
    this.#closing = true;
    this.#lines.clear();
    this.#unwritten = [];
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
    this.#watch();
    if (!this.#closing) this.#events.drained();
  }

  /** @internal From the listener. */
  handleClose(error: Error | undefined): void {
    this.#ended = true;
    this.#unwritten = [];
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

  /** Stops or resumes reading, and handling, by how much waits. */
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
