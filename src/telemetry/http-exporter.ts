/** OTLP over HTTP: the OpenTelemetry library's way of it, on connections of ours that are given up in time. */
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { CompressionAlgorithm, OTLPExporterError } from "@opentelemetry/otlp-exporter-base";
import { createOtlpHttpExportDelegate } from "@opentelemetry/otlp-exporter-base/node-http";
import { JsonTraceSerializer, TraceExporterMetricsHelper } from "@opentelemetry/otlp-transformer";
import { delivery } from "./answers.ts";
import type { Exporter, ExportFailure } from "./exporter.ts";
import type { ExporterSettings } from "./settings.ts";
import { harmless, present, readTrust } from "./trust.ts";

/** Spans are few: one connection, kept for the next batch. */
const AGENT = { keepAlive: true, maxSockets: 1 };

/** See the head of the file. */
export class HttpExporter implements Exporter {
  readonly #agent: HttpAgent;
  readonly export: Exporter["export"];
  trouble: (words: string) => void = () => {};

  /** @throws Error when a file of TLS cannot be read */
  constructor(settings: ExporterSettings) {
    const { url, headers, timeoutMs, compress } = settings;
    const failed = (error: Error) => this.trouble(harmless(error.message, headers));
    const isTls = url.protocol === "https:";
    const agent = isTls
      ? // Said, so that no environment variable of the runtime decides it.
        new HttpsAgent({ ...AGENT, ...present(readTrust(settings)), rejectUnauthorized: true })
      : new HttpAgent(AGENT);
    this.#agent = agent;
    watch(agent, isTls ? "secureConnect" : "connect", timeoutMs, failed);
    const options = {
      url: url.href,
      headers: () => Promise.resolve({ ...headers, "content-type": "application/json" }),
      timeoutMillis: timeoutMs,
      concurrencyLimit: 2,
      compression: compress ? CompressionAlgorithm.GZIP : CompressionAlgorithm.NONE,
      agentFactory: () => agent,
      userAgent: settings.userAgent,
    };
    this.export = delivery(
      JsonTraceSerializer,
      headers,
      (serializer) =>
        createOtlpHttpExportDelegate(
          options,
          serializer,
          "otlp_http_span_exporter",
          TraceExporterMetricsHelper,
          undefined,
        ),
      (error) => failureOf(error, headers),
    );
  }

  close(): void {
    this.#agent.destroy();
  }
}

function failureOf(error: Error | undefined, headers: ExporterSettings["headers"]): ExportFailure {
  // What the collector says may repeat what it was sent; its status says enough.
  if (error instanceof OTLPExporterError && error.code !== undefined)
    return { words: `HTTP status ${error.code}`, retry: false };
  return { words: harmless(error?.message ?? "no answer", headers), retry: true };
}

/**
 * Has an agent's connections given up when they do not open in time (the runtime alone would wait for two minutes, with a new
 * descriptor for each batch), and tells when one does not come about.
 */
function watch(agent: HttpAgent, opened: string, timeoutMs: number, failed: (error: Error) => void): void {
  const create = agent.createConnection.bind(agent);
  agent.createConnection = (...args: Parameters<HttpAgent["createConnection"]>) => {
    const socket = create(...args);
    if (socket === null || socket === undefined) return socket;
    const late = () => socket.destroy(new Error(`not connected within ${timeoutMs}ms`));
    const timer = setTimeout(late, timeoutMs);
    const over = () => {
      clearTimeout(timer);
      // What befalls it later befalls a delivery, or nobody.
      socket.off("error", failed);
    };
    for (const event of [opened, "close"]) socket.once(event, over);
    socket.once("error", failed);
    return socket;
  };
}
