/**
 * The log: one line an event, with a fixed message and structured fields, as text or JSON. The levels and the JSON are
 * pino's; text does not take the way through JSON, because 10,000 checks may change their state in the same second. Messages of the original server are unchanged, because alerts are built on them. Every line passes the bounds
 * of bounds.ts: no foreign text makes it too long, or breaks it.
 */
import pino from "pino";
import { boundedFields, boundedText } from "./bounds.ts";
import { withPriority } from "./journal.ts";
import { LOG_LEVELS, type LogFormat, type LogLevel, type LogThreshold } from "./names.ts";
import { formatText } from "./text-format.ts";

/** Named values of a log line, e.g. `id`, `target`, `old_state`. */
export type LogFields = Readonly<Record<string, unknown>>;

/** The log as the rest of the program uses it. */
export interface Logger {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  trace(message: string, fields?: LogFields): void;
  /** Returns true when lines of a level are written; for fields that are costly to gather. */
  enabled(level: LogLevel): boolean;
}

/** Takes finished lines. */
export interface LineSink {
  write(line: string): void;
}

/** Level, format and destination of the log. */
export interface LogSettings {
  readonly level: LogThreshold;
  readonly format: LogFormat;
}

/** A logger whose settings can change while it is in use. */
export class ConfigurableLogger implements Logger {
  readonly #sink: LineSink;
  readonly #forJournal: boolean;
  #settings: LogSettings;
  #common: (() => LogFields) | undefined;
  #pino: pino.Logger;

  /** @param forJournal - whether the journal reads the sink: then each line begins with its priority */
  constructor(settings: LogSettings, sink: LineSink, forJournal = false) {
    this.#sink = sink;
    this.#forJournal = forJournal;
    this.#settings = settings;
    this.#pino = this.#makePino();
  }

  /** Takes over new settings, from the next line on. */
  configure(settings: LogSettings): void {
    this.#settings = settings;
    this.#pino = this.#makePino();
  }

  /** Puts further fields into every line from here on. @param fields - asked for each */
  addFields(fields: () => LogFields): void {
    this.#common = fields;
    this.#pino = this.#makePino();
  }

  /** Formats the line that reports lost lines, for the sink that has lost them. */
  lossLine(lines: number): string {
    const line = { level: "warn", time: new Date().toISOString(), message: "Log lines were lost" } as const;
    const { level, time, message } = line;
    const text =
      this.#settings.format === "json"
        ? `${JSON.stringify({ ...line, lines })}\n`
        : formatText(time, level, message, { lines });
    return this.#withPriority(level, text);
  }

  error(message: string, fields?: LogFields): void {
    this.#write("error", message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#write("warn", message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#write("info", message, fields);
  }

  debug(message: string, fields?: LogFields): void {
    this.#write("debug", message, fields);
  }

  trace(message: string, fields?: LogFields): void {
    this.#write("trace", message, fields);
  }

  enabled(level: LogLevel): boolean {
    return this.#pino.isLevelEnabled(level);
  }

  #write(level: LogLevel, message: string, fields: LogFields = {}): void {
    if (!this.enabled(level)) return;
    const text = boundedText(message);
    const bounded = boundedFields(fields, text);
    if (this.#settings.format === "json") {
      this.#pino[level](bounded, text);
      return;
    }
    const all = this.#common === undefined ? bounded : { ...bounded, ...this.#common() };
    this.#sink.write(this.#withPriority(level, formatText(new Date().toISOString(), level, text, all)));
  }

  #withPriority(level: LogLevel, line: string): string {
    return this.#forJournal ? withPriority(level, line) : line;
  }

  /** Levels of both formats, and the lines of JSON. */
  #makePino(): pino.Logger {
    return makePino(this.#settings, this.#common, (json) =>
      this.#sink.write(this.#withPriority(levelOf(json), json)),
    );
  }
}

/** The level of a line, which pino writes first. */
function levelOf(json: string): LogLevel {
  return LOG_LEVELS.find((level) => json.startsWith(`{"level":"${level}"`)) ?? "error";
}

function makePino(
  { level }: LogSettings,
  common: (() => LogFields) | undefined,
  write: (json: string) => void,
): pino.Logger {
  const options: pino.LoggerOptions = {
    level: level === "off" ? "silent" : level,
    base: null,
    messageKey: "message",
    errorKey: "error",
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    // Behind the line's own fields.
    ...(common === undefined
      ? {}
      : { mixin: () => ({ ...common() }), mixinMergeStrategy: (own, added) => ({ ...own, ...added }) }),
  };
  return pino(options, { write });
}
