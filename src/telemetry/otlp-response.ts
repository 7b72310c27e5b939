/**
 * Collectors' responses (OTLP's `ExportTraceServiceResponse`), and the outcome of a delivery. The OpenTelemetry library
 * logs the message of a partial success and does not return it: over gRPC it is taken from the deserializer, over HTTP
 * from that log (diag.ts).
 */
import { ExportResultCode } from "@opentelemetry/core";
import type { IOtlpExportDelegate } from "@opentelemetry/otlp-exporter-base";
import type { IExportTraceServiceResponse, ISerializer } from "@opentelemetry/otlp-transformer";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import * as v from "valibot";
import { redactHeaders } from "../redaction/foreign.ts";
import type { Exporter, ExportFailure, PartialSuccess } from "./exporter.ts";
import type { ExporterSettings } from "./settings.ts";

/** Serializes requests and reads responses. */
export type TraceSerializer = ISerializer<ReadableSpan[], IExportTraceServiceResponse>;

/** Longer answers are not parsed: an answer holds a number and a sentence. */
const MAX_ANSWER_BYTES = 64 * 1_024;

/** In JSON an int64 is a string, and anything may come. */
const COUNT = v.pipe(v.union([v.number(), v.string()]), v.transform(Number), v.integer(), v.minValue(0));
const ANSWER = v.object({
  partialSuccess: v.object({
    rejectedSpans: v.fallback(v.optional(COUNT, 0), 0),
    errorMessage: v.fallback(v.optional(v.string(), ""), ""),
  }),
});

/** The part that the library's exporters and their delegates have in common. */
type SpanSender = Pick<IOtlpExportDelegate<ReadableSpan[]>, "export">;

/**
 * Limits the answers that a serializer parses.
 *
 * @returns a serializer that returns an empty answer for one of more than 64 KiB
 */
export function bounded({ serializeRequest, deserializeResponse }: TraceSerializer): TraceSerializer {
  return {
    serializeRequest,
    deserializeResponse: (bytes) => (bytes.length > MAX_ANSWER_BYTES ? {} : deserializeResponse(bytes)),
  };
}

/**
 * Sends spans with the library's delegate.
 *
 * @param delegateOf - makes the delegate, with the serializer that it has to use
 * @param failureOf - turns an error into the reason and whether to try again
 */
export function delivery(
  serializer: TraceSerializer,
  headers: ExporterSettings["headers"],
  delegateOf: (serializer: TraceSerializer) => IOtlpExportDelegate<ReadableSpan[]>,
  failureOf: (error: Error | undefined) => ExportFailure,
): Exporter["export"] {
  let answer: unknown;
  const { serializeRequest, deserializeResponse } = bounded(serializer);
  const delegate = delegateOf({
    serializeRequest,
    deserializeResponse: (bytes) => {
      answer = deserializeResponse(bytes);
      return {};
    },
  });
  const takeAnswer = () => {
    const own = answer;
    answer = undefined;
    return own;
  };
  return sending(delegate, takeAnswer, headers, failureOf);
}

/**
 * Turns a sender that calls back into an {@link Exporter}'s `export`.
 *
 * @param takeAnswer - returns, and forgets, the answer that the sender has read in the turn in which it calls back
 * @param failureOf - turns an error into the reason and whether to try again
 */
export function sending(
  sender: SpanSender,
  takeAnswer: () => unknown,
  headers: ExporterSettings["headers"],
  failureOf: (error: Error | undefined) => ExportFailure,
): Exporter["export"] {
  return (spans) =>
    new Promise((resolve) => {
      sender.export([...spans], ({ code, error }) => {
        // Taken after a failure too: the next delivery must not find it.
        const answer = takeAnswer();
        resolve(
          code === ExportResultCode.SUCCESS ? remarkOf(answer, spans.length, headers) : failureOf(error),
        );
      });
    });
}

/**
 * Extracts the partial success of a response, if any.
 *
 * @param answer - as received, not trusted
 * @param sent - number of spans sent
 */
export function remarkOf(
  answer: unknown,
  sent: number,
  headers: ExporterSettings["headers"],
): PartialSuccess | undefined {
  const { success, output } = v.safeParse(ANSWER, answer);
  if (!success) return undefined;
  const { rejectedSpans, errorMessage } = output.partialSuccess;
  const said = redactHeaders(errorMessage, headers);
  const rejected = Math.min(rejectedSpans, sent);
  if (rejected === 0) return said === "" ? undefined : { message: said, rejected };
  const message = `collector rejected ${rejected} of ${sent} spans`;
  return { message: said === "" ? message : `${message}: ${said}`, rejected };
}
