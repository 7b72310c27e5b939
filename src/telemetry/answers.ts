/**
 * What a collector answers (ExportTraceServiceResponse of OTLP). The OpenTelemetry library only writes of it to a log that nobody
 * reads; here it is heard where the library has it read.
 */
import { ExportResultCode } from "@opentelemetry/core";
import type { IOtlpExportDelegate } from "@opentelemetry/otlp-exporter-base";
import type { IExportTraceServiceResponse, ISerializer } from "@opentelemetry/otlp-transformer";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import * as v from "valibot";
import type { Exporter, ExportFailure, Remark } from "./exporter.ts";
import type { ExporterSettings } from "./settings.ts";
import { harmless } from "./trust.ts";

/** Serialises requests and reads answers. */
export type TraceSerializer = ISerializer<ReadableSpan[], IExportTraceServiceResponse>;

/** What is longer is not read: an answer holds a number and a sentence. */
const LONGEST_ANSWER_BYTES = 64 * 1_024;

/** In JSON an int64 is a string, and anything may come. */
const COUNT = v.pipe(v.union([v.number(), v.string()]), v.transform(Number), v.integer(), v.minValue(0));
const ANSWER = v.object({
  partialSuccess: v.object({
    rejectedSpans: v.fallback(v.optional(COUNT, 0), 0),
    errorMessage: v.fallback(v.optional(v.string(), ""), ""),
  }),
});

/**
 * Sends spans with the library's delegate.
 *
 * @param delegateOf - makes the delegate, with the serializer that it has to use
 * @param failureOf - judges what went wrong
 */
export function delivery(
  serializer: TraceSerializer,
  headers: ExporterSettings["headers"],
  delegateOf: (serializer: TraceSerializer) => IOtlpExportDelegate<ReadableSpan[]>,
  failureOf: (error: Error | undefined) => ExportFailure,
): Exporter["export"] {
  let answer: unknown;
  const delegate = delegateOf({
    serializeRequest: (spans) => serializer.serializeRequest(spans),
    deserializeResponse: (bytes) => {
      if (bytes.length <= LONGEST_ANSWER_BYTES) answer = serializer.deserializeResponse(bytes);
      return {};
    },
  });
  return (spans) =>
    new Promise((resolve) => {
      delegate.export([...spans], ({ code, error }) => {
        // The delegate tells in the turn in which it has read: the answer is that to these spans.
        const own = answer;
        answer = undefined;
        resolve(code === ExportResultCode.SUCCESS ? remarkOf(own, spans.length, headers) : failureOf(error));
      });
    });
}

/**
 * What is to be said of an answer, if anything.
 *
 * @param answer - as it was read, from a stranger
 * @param sent - so many spans
 */
export function remarkOf(
  answer: unknown,
  sent: number,
  headers: ExporterSettings["headers"],
): Remark | undefined {
  const { success, output } = v.safeParse(ANSWER, answer);
  if (!success) return undefined;
  const { rejectedSpans, errorMessage } = output.partialSuccess;
  const said = harmless(errorMessage, headers);
  const rejected = Math.min(rejectedSpans, sent);
  if (rejected === 0) return said === "" ? undefined : { words: said, rejected };
  const words = `the collector refused ${rejected} of ${sent} spans`;
  return { words: said === "" ? words : `${words}: ${said}`, rejected };
}
