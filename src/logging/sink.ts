/**
 * Writes log lines to a file descriptor in the background, so that a full pipe, a stuck journal or a full disk never
 * delays a check. Lines that cannot be written within bounds are dropped and counted, and the loss is logged.
 */
import { write, writeSync } from "node:fs";
import { Waiters } from "../model/waiters.ts";

/** More than this waiting is not kept; bytes, roughly. */
const MAX_WAITING = 4 * 1_024 * 1_024;
/** A pipe that is full is tried again after this. */
const RETRY_MS = 50;
const NEWLINE = 0x0a;
const LAST_MOMENT_MS = 20;

/**
 * Writes log lines to a file descriptor in the background. Lines beyond its bound are dropped and counted, so that a slow reader never
 * delays a check.
 */
export class LogSink {
  readonly #fd: number;
  readonly #lossLine: (lines: number) => string;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #busy = false;
  readonly #flushWaiters = new Waiters();
  #lost = 0;
  /** True when the last write ended within a line: the disk was full. */
  #torn = false;

  /** Opens a sink. @param lossLine - formats the log line that reports lost lines */
  constructor(fd: number, lossLine: (lines: number) => string) {
    this.#fd = fd;
    this.#lossLine = lossLine;
  }

  /** Queues one line, including its line feed; returns immediately. */
  write(line: string): void {
    if (this.#waitingBytes + line.length > MAX_WAITING) {
      this.#lost++;
      return;
    }
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
    if (!this.#busy) this.#next();
  }

  /** Settles when every line is written or dropped, or when the signal aborts. */
  async flush(signal: AbortSignal): Promise<void> {
    if (this.#busy) await this.#flushWaiters.wait(signal);
  }

  /** Writes what waits before it returns, as far as the descriptor takes it; for the last lines of a dying process. */
  flushSync(): void {
    // Another thread is already writing this part, and needs a moment.
    if (this.#busy) Bun.sleepSync(LAST_MOMENT_MS);
    try {
      for (let bytes: Uint8Array = this.#take(); bytes.length > 0; ) {
        bytes = bytes.subarray(writeSync(this.#fd, bytes));
      }
    } catch {
      // No reader is left, so the loss is not reported.
    }
  }

  #take(): Buffer {
    if (this.#lost > 0) this.#waiting.push(this.#lossLine(this.#lost));
    this.#lost = 0;
    const bytes = Buffer.from((this.#torn ? "\n" : "") + this.#waiting.join(""));
    this.#waiting = [];
    this.#waitingBytes = 0;
    return bytes;
  }

  /** Starts one write, after the present turn of the event loop, so that the lines of a turn are written together. */
  #next(): void {
    this.#busy = true;
    setImmediate(() => this.#write(this.#take()));
  }

  #write(bytes: Buffer): void {
    write(this.#fd, bytes, 0, bytes.length, null, (error, written) => {
      if (error?.code === "EAGAIN") {
        setTimeout(() => this.#write(bytes), RETRY_MS);
        return;
      }
      if (error === null && written > 0) this.#torn = bytes[written - 1] !== NEWLINE;
      if (error === null && written < bytes.length) {
        this.#write(bytes.subarray(written));
        return;
      }
      if (error !== null) this.#lost += bytes.toString().split("\n").length - 1;
      this.#busy = false;
      if (this.#waiting.length > 0) this.#next();
      else this.#flushWaiters.release();
    });
  }
}
