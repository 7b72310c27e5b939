/** OTLP over HTTP: the OpenTelemetry library's exporter, on connections of this process with a connect timeout. */
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { CompressionAlgorithm, OTLPExporterError } from "@opentelemetry/otlp-exporter-base";
import { JsonTraceSerializer } from "@opentelemetry/otlp-transformer";
import { redactHeaders } from "../redaction/foreign.ts";
import { PartialSuccessLog } from "./diag.ts";
import type { Exporter, ExportFailure } from "./exporter.ts";
import { bounded, sending } from "./otlp-response.ts";
import type { ExporterSettings } from "./settings.ts";
import { present, readTrust } from "./tls-files.ts";

// The exporter parses answers of up to 4 MiB: measured, one stalls the event loop for 0.2 to 0.8 s and takes 110 MB. It has no setting
// for that, and takes no serializer but this object.
Object.assign(JsonTraceSerializer, bounded(JsonTraceSerializer));

/** Spans are few: one connection, kept for the next batch. */
const AGENT = { keepAlive: true, maxSockets: 1 };

/** Exports spans by OTLP over HTTP, on connections whose setup has a timeout. */
export class HttpExporter implements Exporter {
  readonly #agent: HttpAgent;
  readonly export: Exporter["export"];
  onError: (message: string) => void = () => {};

  /** @throws Error when a file of TLS cannot be read */
  constructor(settings: ExporterSettings) {
    const { url, headers, timeoutMs, compress } = settings;
    const failed = (error: Error) => this.onError(redactHeaders(error.message, headers));
    const isTls = url.protocol === "https:";
    const agent = isTls
      ? // Said, so that no environment variable of the runtime decides it.
        new HttpsAgent({ ...AGENT, ...present(readTrust(settings)), rejectUnauthorized: true })
      : new HttpAgent(AGENT);
    this.#agent = agent;
    watch(agent, isTls ? "secureConnect" : "connect", timeoutMs, failed);
    const config = {
      url: url.href,
      headers: { ...headers },
      timeoutMillis: timeoutMs,
      concurrencyLimit: 2,
      compression: compress ? CompressionAlgorithm.GZIP : CompressionAlgorithm.NONE,
      httpAgentOptions: () => agent,
      userAgent: settings.userAgent,
    };
    const partial = new PartialSuccessLog();
    partial.install();
    const exporter = withoutEnvironment(() => new OTLPTraceExporter(config));
    const takeAnswer = () => ({ partialSuccess: partial.take() });
    this.export = sending(exporter, takeAnswer, headers, (error) => failureOf(error, headers));
  }

  close(): void {
    this.#agent.destroy();
  }
}

/**
 * Calls a function while `process.env` is empty. The exporter reads OTEL_* variables beside its settings; settings.ts has already
 * validated them, and left out headers that no request can carry.
 *
 * @returns what the function returns
 */
function withoutEnvironment<Result>(make: () => Result): Result {
  const { env } = process;
  process.env = {};
  try {
    return make();
  } finally {
    process.env = env;
  }
}

function failureOf(error: Error | undefined, headers: ExporterSettings["headers"]): ExportFailure {
  // A collector's message may repeat the headers that it received; its status suffices.
  if (error instanceof OTLPExporterError && error.code !== undefined)
    return { message: `HTTP status ${error.code}`, retry: false };
  return { message: redactHeaders(error?.message ?? "no answer", headers), retry: true };
}

/**
 * Limits the time in which an agent's connections must open (the runtime alone would wait for two minutes, with a new
 * descriptor for each batch), and reports each failed connection.
 */
function watch(agent: HttpAgent, opened: string, timeoutMs: number, failed: (error: Error) => void): void {
  const create = agent.createConnection.bind(agent);
  agent.createConnection = (...args: Parameters<HttpAgent["createConnection"]>) => {
    const socket = create(...args);
    if (socket === null || socket === undefined) return socket;
    const late = () => socket.destroy(new Error(`connection not established within ${timeoutMs}ms`));
    const timer = setTimeout(late, timeoutMs);
    const over = () => {
      clearTimeout(timer);
      // Later errors belong to a delivery, which reports them.
      socket.off("error", failed);
    };
    for (const event of [opened, "close"]) socket.once(event, over);
    socket.once("error", failed);
    return socket;
  };
}
