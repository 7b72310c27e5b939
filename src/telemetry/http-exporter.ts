/** OTLP over HTTP: the OpenTelemetry library's exporter, on connections of ours that are given up in time. */
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { Duplex } from "node:stream";
import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { CompressionAlgorithm, OTLPExporterError } from "@opentelemetry/otlp-exporter-base";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { Exporter, ExportFailure } from "./outbox.ts";
import type { ExporterSettings } from "./settings.ts";
import { harmless, readTrust } from "./trust.ts";

/** Spans are few: one connection, kept for the next batch. */
const AGENT = { keepAlive: true, maxSockets: 1 };

/** See the head of the file. */
export class HttpExporter implements Exporter {
  readonly #exporter: OTLPTraceExporter;
  readonly #agent: HttpAgent;
  readonly #headers: ExporterSettings["headers"];

  /** @throws Error when a file of TLS cannot be read */
  constructor(settings: ExporterSettings) {
    const { url, headers, timeoutMs, compress } = settings;
    this.#headers = headers;
    const { ca, cert, key } = readTrust(settings);
    this.#agent =
      url.protocol === "https:"
        ? new TimelyHttpsAgent(timeoutMs, { ca, cert, key })
        : new TimelyHttpAgent(timeoutMs);
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

/** Gives up connecting after a time; the runtime alone would wait for two minutes, with a new descriptor for each batch. */
function giveUpAfter(timeoutMs: number, socket: Duplex | null | undefined, opened: string): void {
  if (socket === null || socket === undefined) return;
  const timer = setTimeout(() => socket.destroy(new Error(`not connected within ${timeoutMs}ms`)), timeoutMs);
  for (const event of [opened, "close"]) socket.once(event, () => clearTimeout(timer));
}

class TimelyHttpAgent extends HttpAgent {
  readonly #timeoutMs: number;

  constructor(timeoutMs: number) {
    super(AGENT);
    this.#timeoutMs = timeoutMs;
  }

  override createConnection(...args: Parameters<HttpAgent["createConnection"]>) {
    const socket = super.createConnection(...args);
    giveUpAfter(this.#timeoutMs, socket, "connect");
    return socket;
  }
}

class TimelyHttpsAgent extends HttpsAgent {
  readonly #timeoutMs: number;

  constructor(timeoutMs: number, { ca, cert, key }: ReturnType<typeof readTrust>) {
    super({
      ...AGENT,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    });
    this.#timeoutMs = timeoutMs;
  }

  override createConnection(...args: Parameters<HttpsAgent["createConnection"]>) {
    const socket = super.createConnection(...args);
    giveUpAfter(this.#timeoutMs, socket, "secureConnect");
    return socket;
  }
}
