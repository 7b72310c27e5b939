/**
 * OTLP over gRPC. The OpenTelemetry library's own exporter loads its gRPC client in a way that does not survive compilation into one
 * executable; here the same delegate and the same serialization run on a client that is imported like everything else.
 */
import { isIP } from "node:net";
import {
  type ChannelCredentials,
  Client,
  type ClientOptions,
  compressionAlgorithms,
  credentials,
  logVerbosity,
  Metadata,
  type ServiceError,
  setLogVerbosity,
  status,
} from "@grpc/grpc-js";
import {
  createOtlpNetworkExportDelegate,
  ExporterMetrics,
  type ExportResponse,
  type IExporterTransport,
} from "@opentelemetry/otlp-exporter-base";
import { ProtobufTraceSerializer, TraceExporterMetricsHelper } from "@opentelemetry/otlp-transformer";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { redactHeaders } from "../redaction/foreign.ts";
import { AddressCredentials } from "./address-credentials.ts";
import type { Exporter, ExportFailure } from "./exporter.ts";
import { delivery } from "./otlp-response.ts";
import type { ExporterSettings } from "./settings.ts";
import { readTrust } from "./tls-files.ts";

const EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
/** After these the same request may be taken later (OTLP, gRPC retryable codes). */
const RETRYABLE: readonly number[] = [
  ...[status.CANCELLED, status.DEADLINE_EXCEEDED, status.RESOURCE_EXHAUSTED, status.ABORTED],
  ...[status.OUT_OF_RANGE, status.UNAVAILABLE, status.DATA_LOSS],
];

/**
 * Exports spans by OTLP over gRPC, with the OpenTelemetry library's serialization and a client that survives compilation into one
 * executable.
 */
export class GrpcExporter implements Exporter {
  readonly #transport: GrpcTransport;
  readonly export: Exporter["export"];

  /** @throws Error when a file of TLS cannot be read */
  constructor(settings: ExporterSettings) {
    const { headers, timeoutMs, url } = settings;
    const transport = new GrpcTransport(settings);
    this.#transport = transport;
    const metrics = new ExporterMetrics<ReadableSpan[]>({
      componentType: "otlp_grpc_span_exporter",
      metricsHelper: TraceExporterMetricsHelper,
      url: url.href,
      meterProvider: undefined,
      responseAttributesFromError: () => ({}),
    });
    const options = { timeoutMillis: timeoutMs, concurrencyLimit: 2, compression: "none" } as const;
    this.export = delivery(
      ProtobufTraceSerializer,
      headers,
      (serializer) => createOtlpNetworkExportDelegate(options, serializer, metrics, transport),
      (error) => failureOf(error, headers),
    );
  }

  close(): void {
    this.#transport.shutdown();
  }
}

function failureOf(error: Error | undefined, headers: ExporterSettings["headers"]): ExportFailure {
  const code =
    error !== undefined && "code" in error && typeof error.code === "number" ? error.code : undefined;
  if (error === undefined || code === undefined)
    return { message: redactHeaders(error?.message ?? "no answer", headers), retry: true };
  // A collector's message may repeat the headers that it received; only the client's own messages are shown.
  const own = code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED;
  const message = own
    ? redactHeaders(error.message, headers)
    : `gRPC status ${code} ${status[code] ?? ""}`.trim();
  return { message, retry: RETRYABLE.includes(code) };
}

const asItIs = (bytes: Buffer) => bytes;

function secureChannel(settings: ExporterSettings): ChannelCredentials {
  const trust = readTrust(settings);
  // An IPv6 address is in brackets in a URL.
  const host = settings.url.hostname.replace(/^\[|\]$/g, "");
  if (isIP(host) !== 0) return new AddressCredentials(host, trust);
  const { ca, cert, key } = trust;
  const pem = (text: string | undefined) => (text === undefined ? null : Buffer.from(text));
  // Said, so that no environment variable of the runtime decides it.
  return credentials.createSsl(pem(ca), pem(key), pem(cert), { rejectUnauthorized: true });
}

/** Unary calls over one connection. */
class GrpcTransport implements IExporterTransport {
  readonly #client: Client;
  readonly #metadata = new Metadata();

  constructor(settings: ExporterSettings) {
    // It writes to stderr, which is not our log.
    setLogVerbosity(logVerbosity.NONE);
    const { url, headers, compress } = settings;
    const secure = url.protocol === "https:";
    const channel = secure ? secureChannel(settings) : credentials.createInsecure();
    const options: ClientOptions = {
      "grpc.enable_http_proxy": 0,
      "grpc.service_config_disable_resolution": 1,
      "grpc.primary_user_agent": settings.userAgent,
      ...(compress ? { "grpc.default_compression_algorithm": compressionAlgorithms.gzip } : {}),
    };
    // As in any URL.
    const port = url.port === "" ? (secure ? 443 : 80) : url.port;
    this.#client = new Client(`${url.hostname}:${port}`, channel, options);
    for (const [name, value] of Object.entries(headers)) {
      this.#metadata.set(name, name.endsWith("-bin") ? Buffer.from(value, "base64") : value);
    }
  }

  send(data: Uint8Array, timeoutMs: number): Promise<ExportResponse> {
    const { promise, resolve } = Promise.withResolvers<ExportResponse>();
    const answered = (error: ServiceError | null, answer?: Buffer) => {
      if (error === null)
        resolve(answer === undefined ? { status: "success" } : { status: "success", data: answer });
      else resolve({ status: "failure", error });
    };
    const deadline = Date.now() + timeoutMs;
    const request = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    this.#client.makeUnaryRequest(EXPORT, asItIs, asItIs, request, this.#metadata, { deadline }, answered);
    return promise;
  }

  shutdown(): void {
    this.#client.close();
  }
}
