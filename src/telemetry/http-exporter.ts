/** OTLP over HTTP: the OpenTelemetry library's exporter, on connections of ours that are given up in time. */
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { CompressionAlgorithm, OTLPExporterError } from "@opentelemetry/otlp-exporter-base";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { Exporter, ExportFailure } from "./outbox.ts";
import type { ExporterSettings } from "./settings.ts";
import { harmless, present, readTrust } from "./trust.ts";

/** Spans are few: one connection, kept for the next batch. */
const AGENT = { keepAlive: true, maxSockets: 1 };

/** See the head of the file. */
export class HttpExporter implements Exporter {
  readonly #exporter: OTLPTraceExporter;
  readonly #agent: HttpAgent;
  readonly #headers: ExporterSettings["headers"];
  trouble: (words: string) => void = () => {};

  /** @throws Error when a file of TLS cannot be read */
  constructor(settings: ExporterSettings) {
    const { url, headers, timeoutMs, compress } = settings;
    this.#headers = headers;
    const failed = (error: Error) => this.trouble(harmless(error.message, headers));
    const isTls = url.protocol === "https:";
    this.#agent = isTls
      ? new HttpsAgent({ ...AGENT, ...present(readTrust(settings)) })
      : new HttpAgent(AGENT);
    watch(this.#agent, isTls ? "secureConnect" : "connect", timeoutMs, failed);
    this.#exporter = new OTLPTraceExporter({
      url: url.href,
      headers: { ...headers },
      timeoutMillis: timeoutMs,
      compression: compress ? CompressionAlgorithm.GZIP : CompressionAlgorithm.NONE,
      httpAgentOptions: () => this.#agent,
      userAgent: settings.userAgent,
    });
  }

  async export(spans: readonly ReadableSpan[]): Promise<ExportFailure | undefined> {
    const result = await new Promise<ExportResult>((resolve) => this.#exporter.export([...spans], resolve));
    if (result.code === ExportResultCode.SUCCESS) return undefined;
    const { error } = result;
    // What the collector says may repeat what it was sent; its status says enough.
    if (error instanceof OTLPExporterError && error.code !== undefined)
      return { words: `HTTP status ${error.code}`, retry: false };
    return { words: harmless(error?.message ?? "no answer", this.#headers), retry: true };
  }

  close(): void {
    this.#agent.destroy();
  }
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
