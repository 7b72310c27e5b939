/** Collectors of traces inside the test process: OTLP over HTTP and over gRPC, plain and TLS. Called by the tests of telemetry. */
import { readFileSync } from "node:fs";
import { isIPv6 } from "node:net";
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData, status } from "@grpc/grpc-js";
import { freePort } from "../base/ports.ts";
import { until } from "../base/wait.ts";
import { type PartialSuccess, type ReceivedSpan, readJson, readProtobuf, takenAnswer } from "./otlp.ts";

const SOON_MS = 20_000;
const JSON_TYPE = { "content-type": "application/json" };

/** Behavior of a collector. */
export interface CollectorOptions {
  /** The address that it listens on; 127.0.0.1 if absent. */
  readonly host?: string;
  /** A port of one's own choice; a free one if absent. */
  readonly port?: number;
  /** With it, it speaks TLS; the files are PEM. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  /** With TLS: clients must have a certificate of this authority. */
  readonly clientCaFile?: string;
  /** Rejects with this status, of HTTP or of gRPC; evaluated for each request. */
  readonly refuse?: () => number | undefined;
  /** Accepts spans with this message (OTLP's partial success). */
  readonly remark?: PartialSuccess;
  /** Over HTTP: the length of its answers in JSON, filled up with spaces; as short as they are if absent. */
  readonly answerBytes?: number;
  /** Delay of the answer. */
  readonly delayMs?: number;
}

/** Content of one request. */
export interface ReceivedRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A collector; disposing closes it. */
export interface Collector extends AsyncDisposable {
  readonly port: number;
  /** Everything taken so far, oldest first. */
  readonly spans: readonly ReceivedSpan[];
  /** Every request so far, those that were refused too. */
  readonly requests: readonly ReceivedRequest[];
  /** Waits until there are spans that satisfy the predicate. @returns them */
  waitFor(what: string, predicate: (span: ReceivedSpan) => boolean, count?: number): Promise<ReceivedSpan[]>;
  /** Those with a name. */
  named(name: string): ReceivedSpan[];
}

class Received {
  readonly spans: ReceivedSpan[] = [];
  readonly requests: ReceivedRequest[] = [];

  async waitFor(
    what: string,
    predicate: (span: ReceivedSpan) => boolean,
    count = 1,
  ): Promise<ReceivedSpan[]> {
    const look = () => {
      const found = this.spans.filter(predicate);
      return found.length >= count && found;
    };
    const names = () => `${count} of ${what}; there are ${this.spans.map(({ name }) => name).join(" ")}`;
    return await until(look, SOON_MS, names);
  }

  named(name: string): ReceivedSpan[] {
    return this.spans.filter((span) => span.name === name);
  }
}

/** Options with which a listener requests a client's certificate. */
function clientsOf({ clientCaFile }: CollectorOptions) {
  if (clientCaFile === undefined) return undefined;
  return { ca: readFileSync(clientCaFile), requestCert: true, rejectUnauthorized: true };
}

/** OTLP over HTTP: JSON and protobuf. */
export function startHttpCollector(options: CollectorOptions = {}): Collector {
  const {
    host = "127.0.0.1",
    port = freePort(),
    tls,
    refuse,
    remark,
    answerBytes = 0,
    delayMs = 0,
  } = options;
  const received = new Received();
  const server = Bun.serve({
    port,
    hostname: host,
    ...(tls === undefined
      ? {}
      : { tls: { cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile), ...clientsOf(options) } }),
    async fetch(request) {
      received.requests.push({
        path: new URL(request.url).pathname,
        headers: Object.fromEntries(request.headers),
      });
      const plain = new Uint8Array(await request.arrayBuffer());
      const body = request.headers.get("content-encoding") === "gzip" ? Bun.gunzipSync(plain) : plain;
      await Bun.sleep(delayMs);
      const rejection = refuse?.();
      if (rejection !== undefined) return new Response("refused", { status: rejection });
      const isJson = request.headers.get("content-type") === JSON_TYPE["content-type"];
      received.spans.push(...(isJson ? readJson(new TextDecoder().decode(body)) : readProtobuf(body)));
      const partialSuccess = remark && { ...remark, rejectedSpans: String(remark.rejectedSpans) };
      if (!isJson) return new Response(takenAnswer(remark));
      return new Response(JSON.stringify({ partialSuccess }).padEnd(answerBytes), { headers: JSON_TYPE });
    },
  });
  return collector(port, received, () => server.stop(true));
}

/** OTLP over gRPC, with the gRPC library of Node. */
export async function startGrpcCollector(options: CollectorOptions = {}): Promise<Collector> {
  const { host = "127.0.0.1", port = freePort(), tls, refuse, remark, delayMs = 0 } = options;
  const received = new Received();
  const server = new Server();
  const asItIs = (bytes: Buffer) => bytes;
  const path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
  const take = async (call: ServerUnaryCall<Buffer, Buffer>): Promise<number | undefined> => {
    const headers = Object.entries(call.metadata.getMap()).map(
      ([name, value]) => [name, String(value)] as const,
    );
    received.requests.push({ path, headers: Object.fromEntries(headers) });
    await Bun.sleep(delayMs);
    const rejection = refuse?.();
    if (rejection === undefined) received.spans.push(...readProtobuf(call.request));
    return rejection;
  };
  server.register<Buffer, Buffer>(
    path,
    (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) => {
      take(call).then(
        (rejection) =>
          callback(rejection === undefined ? null : { code: rejection }, Buffer.from(takenAnswer(remark))),
        (error: unknown) => callback({ code: status.INTERNAL, details: String(error) }),
      );
    },
    asItIs,
    asItIs,
    "unary",
  );
  const credentials =
    tls === undefined
      ? ServerCredentials.createInsecure()
      : ServerCredentials.createSsl(
          clientsOf(options)?.ca ?? null,
          [{ cert_chain: readFileSync(tls.certFile), private_key: readFileSync(tls.keyFile) }],
          options.clientCaFile !== undefined,
        );
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`${isIPv6(host) ? `[${host}]` : host}:${port}`, credentials, (error) =>
      error === null ? resolve() : reject(error),
    );
  });
  return collector(port, received, async () => server.forceShutdown());
}

function collector(port: number, received: Received, close: () => Promise<void>): Collector {
  return {
    port,
    spans: received.spans,
    requests: received.requests,
    waitFor: (what, predicate, count) => received.waitFor(what, predicate, count),
    named: (name) => received.named(name),
    [Symbol.asyncDispose]: close,
  };
}

/** Configuration text that exports to a collector. @param fields - further ones, `trace: "all"` */
export function telemetryConfig(port: number, fields: Readonly<Record<string, unknown>> = {}): string {
  const section = { enabled: true, otlp_endpoint: `http://127.0.0.1:${port}`, ...fields };
  return `telemetry: ${JSON.stringify(section)}\n`;
}
