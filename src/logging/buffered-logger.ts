/** Keeps log lines until it is known how they are to be written: the configuration file decides that, and reading it logs. */
import type { LogFields, Logger } from "./logger.ts";
import type { LogLevel } from "./names.ts";

interface HeldLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields | undefined;
}

/** Logger that keeps its lines until the log settings are known, since reading the configuration file logs. */
export class BufferedLogger implements Logger {
  readonly #lines: HeldLine[] = [];

  error(message: string, fields?: LogFields): void {
    this.#hold("error", message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#hold("warn", message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#hold("info", message, fields);
  }

  debug(message: string, fields?: LogFields): void {
    this.#hold("debug", message, fields);
  }

  trace(message: string, fields?: LogFields): void {
    this.#hold("trace", message, fields);
  }

  /** Returns true for every level, because the minimum level is not known yet. */
  enabled(): boolean {
    return true;
  }

  /** Writes what was held, in order. */
  release(log: Logger): void {
    for (const { level, message, fields } of this.#lines.splice(0)) log[level](message, fields);
  }

  #hold(level: LogLevel, message: string, fields: LogFields | undefined): void {
    this.#lines.push({ level, message, fields });
  }
}
