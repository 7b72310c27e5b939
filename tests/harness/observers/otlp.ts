/**
 * Content of OTLP requests, read with the protobuf definitions as OpenTelemetry publishes them (generated code of a library version that the
 * executable does not contain). Called by collector.ts.
 */
import generated from "../../../node_modules/otlp-definitions/build/src/generated/root.js";

interface Value {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: string;
  readonly doubleValue?: number;
}
interface KeyValue {
  readonly key: string;
  readonly value: Value;
}
interface WireEvent {
  readonly name: string;
  readonly timeUnixNano: string;
  readonly attributes?: readonly KeyValue[];
}
interface WireSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: string;
  readonly flags?: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly KeyValue[];
  readonly status?: { readonly code?: string; readonly message?: string };
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly events?: readonly WireEvent[];
}
interface WireRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeSpans: readonly {
      readonly scope: { readonly name: string };
      readonly spans: readonly WireSpan[];
    }[];
  }[];
}
interface Definition {
  decode(bytes: Uint8Array): object;
  encode(message: object): { finish(): Uint8Array };
  fromObject(object: object): object;
  verify(message: object): string | null;
  toObject(message: object, options: object): WireRequest;
}

// Generated code, whose types say next to nothing; the interfaces above are what is used of it.
const root = generated as unknown as {
  readonly opentelemetry: {
    readonly proto: { readonly collector: { readonly trace: { readonly v1: Record<string, Definition> } } };
  };
};
const definitions = root.opentelemetry.proto.collector.trace.v1;
const Request = definition("ExportTraceServiceRequest");
const Response = definition("ExportTraceServiceResponse");

function definition(name: string): Definition {
  const found = definitions[name];
  if (found === undefined) throw new Error(`no definition of ${name}`);
  return found;
}

/** Values of attributes by their keys. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** A span as a collector sees it; ids in hexadecimal. */
export interface ReceivedSpan {
  readonly name: string;
  /** `SPAN_KIND_CLIENT` */
  readonly kind: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first of a trace. */
  readonly parentSpanId: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  /** `STATUS_CODE_ERROR` */
  readonly status: string;
  readonly statusMessage: string;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly events: readonly {
    readonly name: string;
    readonly atMs: number;
    readonly attributes: Attributes;
  }[];
  readonly resource: Attributes;
}

/** Reads a request in protobuf. @throws Error when the definitions do not allow it */
export function readProtobuf(bytes: Uint8Array): ReceivedSpan[] {
  return spansOf(Request.decode(bytes));
}

/** Reads a request in the JSON of OTLP, which has ids in hexadecimal where protobuf's own JSON has base64. */
export function readJson(text: string): ReceivedSpan[] {
  const withBase64 = JSON.parse(text, (key, value: unknown) =>
    /^(?:traceId|spanId|parentSpanId)$/.test(key) && typeof value === "string"
      ? Buffer.from(value, "hex").toString("base64")
      : value,
  );
  return spansOf(Request.fromObject(withBase64));
}

/** Message of a collector about accepted spans. */
export interface PartialSuccess {
  readonly rejectedSpans: number;
  readonly errorMessage: string;
}

/** Encodes a collector's answer: success, with or without a message. */
export function takenAnswer(partialSuccess?: PartialSuccess): Uint8Array {
  return Response.encode(Response.fromObject({ partialSuccess })).finish();
}

function spansOf(message: object): ReceivedSpan[] {
  const fault = Request.verify(message);
  if (fault !== null) throw new Error(`not an ExportTraceServiceRequest: ${fault}`);
  const { resourceSpans } = Request.toObject(message, {
    longs: String,
    enums: String,
    bytes: String,
    defaults: false,
  });
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) => spans.map((span) => received(span, attributesOf(resource.attributes)))),
  );
}

function received(span: WireSpan, resource: Attributes): ReceivedSpan {
  return {
    name: span.name,
    kind: span.kind,
    traceId: hex(span.traceId),
    spanId: hex(span.spanId),
    parentSpanId: hex(span.parentSpanId ?? ""),
    startMs: Number(span.startTimeUnixNano) / 1e6,
    endMs: Number(span.endTimeUnixNano) / 1e6,
    attributes: attributesOf(span.attributes ?? []),
    status: span.status?.code ?? "STATUS_CODE_UNSET",
    statusMessage: span.status?.message ?? "",
    links: (span.links ?? []).map(({ traceId, spanId }) => ({ traceId: hex(traceId), spanId: hex(spanId) })),
    events: (span.events ?? []).map(({ name, timeUnixNano, attributes }) => ({
      name,
      atMs: Number(timeUnixNano) / 1e6,
      attributes: attributesOf(attributes ?? []),
    })),
    resource,
  };
}

function attributesOf(list: readonly KeyValue[]): Attributes {
  return Object.fromEntries(
    list.map(({ key, value }) => {
      const { stringValue, boolValue, intValue, doubleValue } = value;
      return [
        key,
        stringValue ?? boolValue ?? doubleValue ?? (intValue === undefined ? undefined : Number(intValue)),
      ];
    }),
  );
}

function hex(base64: string): string {
  return Buffer.from(base64, "base64").toString("hex");
}
