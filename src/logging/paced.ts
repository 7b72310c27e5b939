/**
 * A part of the log that a client or an operator can make talk as fast as they like: after a burst, one line a second. The newest
 * line always appears, at most a second late, with the number of those before it that were left out.
 */
import type { LogFields, Logger } from "./logger.ts";

const PERIOD_MS = 1_000;

interface Line {
  readonly level: "error" | "warn" | "info";
  readonly message: string;
  readonly fields: LogFields;
}

/** Writes lines to a log, at a bounded pace. */
export class PacedLog {
  readonly #log: Logger;
  readonly #burst: number;
  /** Lines that may be written now, by {@link #atMs}. */
  #credit: number;
  #atMs = Number.NEGATIVE_INFINITY;
  #held: Line | undefined;
  #leftOut = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Wraps a log. @param burst - lines that may be logged without a pause; the allowance for one comes back each second
   */
  constructor(log: Logger, burst: number) {
    this.#log = log;
    this.#burst = burst;
    this.#credit = burst;
  }

  /** Writes a line of the level `warn`, now or within a second, or counts it. */
  warn(message: string, fields: LogFields = {}): void {
    this.#write({ level: "warn", message, fields });
  }

  /** Writes a line of the level `info`, now or within a second, or counts it. */
  info(message: string, fields: LogFields = {}): void {
    this.#write({ level: "info", message, fields });
  }

  /** Writes the line that is held back, if there is one. */
  flush(): void {
    clearTimeout(this.#timer);
    const line = this.#held;
    const leftOut = this.#leftOut;
    this.#held = undefined;
    this.#leftOut = 0;
    if (line !== undefined)
      this.#log[line.level](
        line.message,
        leftOut === 0 ? line.fields : { ...line.fields, left_out: leftOut },
      );
  }

  #write(line: Line): void {
    if (this.#held !== undefined) {
      this.#leftOut++;
      this.#held = line;
      return;
    }
    const nowMs = performance.now();
    this.#credit = Math.min(this.#burst, this.#credit + Math.max(0, nowMs - this.#atMs) / PERIOD_MS);
    this.#atMs = nowMs;
    if (this.#credit >= 1) {
      this.#credit--;
      this.#log[line.level](line.message, line.fields);
      return;
    }
    this.#held = line;
    this.#timer = setTimeout(() => this.#release(), (1 - this.#credit) * PERIOD_MS);
    // A delayed line does not keep the process alive.
    this.#timer.unref();
  }

  #release(): void {
    this.#credit = 0;
    this.#atMs = performance.now();
    this.flush();
  }
}
