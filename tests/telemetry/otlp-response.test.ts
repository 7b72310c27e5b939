/** Responses of collectors, and their outcome. */
import { expect, test } from "bun:test";
import { ExportResultCode } from "@opentelemetry/core";
import { JsonTraceSerializer, ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import { delivery, remarkOf, type TraceSerializer } from "../../src/telemetry/otlp-response.ts";
import { takenAnswer } from "../harness/observers/otlp.ts";

test.each([
  [{}, undefined],
  [{ partialSuccess: {} }, undefined],
  [{ partialSuccess: null }, undefined],
  [null, undefined],
  ["accepted", undefined],
  [undefined, undefined],
  [
    { partialSuccess: { rejectedSpans: "3", errorMessage: "too old" } },
    [3, "collector rejected 3 of 5 spans: too old"],
  ],
  [{ partialSuccess: { rejectedSpans: 3 } }, [3, "collector rejected 3 of 5 spans"]],
  [{ partialSuccess: { rejectedSpans: "99999999999999999999" } }, [5, "collector rejected 5 of 5 spans"]],
  [{ partialSuccess: { rejectedSpans: "-3", errorMessage: "odd" } }, [0, "odd"]],
  [{ partialSuccess: { rejectedSpans: "some", errorMessage: 7 } }, undefined],
  [{ partialSuccess: { rejectedSpans: "0", errorMessage: "a\u0000b\nBearer hunter2" } }, [0, "a b …"]],
] as const)("remarkOf: %p of five spans", (answer, wanted) => {
  const remark = remarkOf(answer, 5, { authorization: "Bearer hunter2" });
  expect(remark && [remark.rejected, remark.message]).toEqual(wanted && [...wanted]);
});

test("remarkOf: what is long is cut", () => {
  const errorMessage = "x".repeat(60_000);
  expect(remarkOf({ partialSuccess: { errorMessage } }, 5, {})?.message.length).toBeLessThan(250);
});

/** Delivers no spans to a collector that answers with the given bytes. @returns the partial success that it read */
function answered(serializer: TraceSerializer, bytes: Uint8Array) {
  const failureOf = () => ({ message: "failed", retry: false });
  const send = delivery(
    serializer,
    {},
    (listened) => ({
      export: (_, done) => {
        listened.deserializeResponse(bytes);
        done({ code: ExportResultCode.SUCCESS });
      },
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
      setMetrics: () => {},
    }),
    failureOf,
  );
  return send([]);
}

test("delivery: answers in JSON and protobuf are read, and only short ones", async () => {
  const text = (json: unknown) => new TextEncoder().encode(JSON.stringify(json));
  const remark = (errorMessage: string) => ({ rejectedSpans: 0, errorMessage });
  const partialSuccess = { message: "said", rejected: 0 };
  expect(await answered(JsonTraceSerializer, text({ partialSuccess: remark("said") }))).toEqual(
    partialSuccess,
  );
  expect(await answered(ProtobufTraceSerializer, takenAnswer(remark("said")))).toEqual(partialSuccess);
  expect(await answered(JsonTraceSerializer, text("no answer"))).toBeUndefined();
  expect(await answered(JsonTraceSerializer, new TextEncoder().encode("<html>"))).toBeUndefined();
  const long = remark("x".repeat(70_000));
  expect(await answered(JsonTraceSerializer, text({ partialSuccess: long }))).toBeUndefined();
  expect(await answered(ProtobufTraceSerializer, takenAnswer(long))).toBeUndefined();
});
