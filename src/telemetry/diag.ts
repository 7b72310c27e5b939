/**
 * The OpenTelemetry library's own log (`diag` of `@opentelemetry/api`). Only there does the HTTP exporter report that the collector has
 * rejected a part of a delivery. Used by http-exporter.ts.
 */
import { type DiagLogger, DiagLogLevel, diag } from "@opentelemetry/api";

/** The exporter's message, followed by the partial success as JSON. */
const PARTIAL_SUCCESS = "Received Partial Success response:";

/**
 * Keeps the newest partial success (OTLP's `ExportTracePartialSuccess`) that the library has logged, and drops every other line: lines
 * quote spans, answers and URLs, which may hold secrets, and the exporter returns its failures to the caller.
 */
export class PartialSuccessLog implements DiagLogger {
  #newest: unknown;

  /** Makes this log the library's; the process has one. */
  install(): void {
    diag.setLogger(this, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  }

  /**
   * Takes the partial success out of the log. The exporter logs it immediately before it calls back, in the same turn of the event loop:
   * a partial success that is read in the callback is that of the same delivery.
   *
   * @returns the untrusted value from the collector; undefined when nothing was logged since the last call
   */
  take(): unknown {
    const newest = this.#newest;
    this.#newest = undefined;
    return newest;
  }

  /** Keeps a partial success. @throws SyntaxError when its JSON is malformed, which the exporter catches */
  warn(message: string, json?: unknown): void {
    if (message === PARTIAL_SUCCESS && typeof json === "string") this.#newest = JSON.parse(json);
  }

  error(): void {}
  info(): void {}
  debug(): void {}
  verbose(): void {}
}
