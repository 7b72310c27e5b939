/** The span that code runs in, over waits; it is gone when the span is over. */
import { expect, test } from "bun:test";
import { SpanScope } from "../../src/telemetry/scope.ts";
import { Tracer } from "../../src/telemetry/tracer.ts";

const tracer = new Tracer(1, {}, "1", { put() {}, full: false, lose() {} });
const [one, two] = [tracer.forcedRoot(), tracer.forcedRoot()];

test("scope: code runs in the innermost span, and in none where that is said", () => {
  const scope = new SpanScope();
  expect(scope.current).toBeUndefined();
  scope.run(one, () => {
    expect(scope.current).toBe(one);
    scope.run(two, () => expect(scope.current).toBe(two));
    scope.run(undefined, () => expect(scope.current).toBeUndefined());
    expect(scope.logFields()).toEqual({ trace_id: one.traceId, span_id: one.spanId });
  });
  expect(scope.logFields()).toEqual({});
});

test("scope: it holds over waits, apart from others that wait meanwhile", async () => {
  const scope = new SpanScope();
  const stay = (context: typeof one) =>
    scope.runLong(context, async () => {
      for (let turn = 0; turn < 3; turn++) {
        await new Promise((resolve) => setImmediate(resolve));
        expect(scope.current).toBe(context);
      }
    });
  await Promise.all([stay(one), stay(two)]);
  expect(scope.current).toBeUndefined();
});

test("scope: a timer that was set in a span does not carry it on when it is over", async () => {
  const scope = new SpanScope();
  const seen = Promise.withResolvers<unknown>();
  // Another span is under way, so that this is not known from the outset.
  const other = Promise.withResolvers<void>();
  const otherSpan = scope.runLong(two, () => other.promise);
  await scope.runLong(one, async () => {
    setTimeout(() => seen.resolve(scope.current), 1);
  });
  expect(await seen.promise).toBeUndefined();
  other.resolve();
  await otherSpan;
});

test("scope: a trace that is not exported leaves nothing in the log", () => {
  const scope = new SpanScope();
  const unsampled = { ...one, traceFlags: 0 };
  scope.run(unsampled, () => expect([scope.current, scope.logFields()]).toEqual([unsampled, {}]));
});
