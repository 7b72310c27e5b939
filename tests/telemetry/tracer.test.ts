/** Ids, sampling and times of spans. */
import { expect, test } from "bun:test";
import { SpanKind } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { hrTime } from "../../src/telemetry/span.ts";
import { Timeline } from "../../src/telemetry/span-clock.ts";
import { isSampled, Tracer } from "../../src/telemetry/tracer.ts";
import { times } from "../harness/client/checks.ts";

function tracerOf(rate: number) {
  const spans: ReadableSpan[] = [];
  return {
    spans,
    tracer: new Tracer(rate, { "service.name": "s" }, "1", {
      put: (span) => void spans.push(span),
      full: false,
      lose() {},
    }),
  };
}

const TRIES = 10_000;

test.each([0, 0.1, 0.5, 1])("tracer: of traces a share of %d is sampled, by id and by lot alike", (rate) => {
  const { tracer } = tracerOf(rate);
  const roots = times(TRIES, () => tracer.root("n", SpanKind.CLIENT));
  const kept = [roots.filter(isSampled), times(TRIES, () => tracer.sampledRoot()).filter(isSampled)];
  // Seven standard deviations.
  const within = 7 * Math.sqrt(TRIES * rate * (1 - rate));
  for (const { length } of kept) expect(Math.abs(length - TRIES * rate)).toBeLessThanOrEqual(within);
  expect(new Set(roots.map(({ traceId }) => traceId)).size).toBe(TRIES);
  for (const { traceId, spanId } of roots.slice(0, 100)) {
    expect(traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(spanId).toMatch(/^[0-9a-f]{16}$/);
  }
});

test("tracer: what is in a trace follows its first span", () => {
  for (const rate of [0, 1]) {
    const { tracer } = tracerOf(rate);
    const root = tracer.root("n", SpanKind.CLIENT);
    const child = tracer.child(root);
    expect([child.traceId, child.traceFlags]).toEqual([root.traceId, rate]);
    expect(child.spanId).not.toBe(root.spanId);
  }
});

test("tracer: a new rate holds from the next trace on", () => {
  const { tracer } = tracerOf(0);
  tracer.configure(1);
  expect(isSampled(tracer.root("n", SpanKind.CLIENT))).toBe(true);
  expect(tracer.sampledRoot()).toBeDefined();
});

test("span: times are seconds and nanoseconds, to the microsecond", () => {
  expect(hrTime(1_700_000_000_123.456)).toEqual([1_700_000_000, 123_456_000]);
  expect(hrTime(0)).toEqual([0, 0]);
  expect(hrTime(2_000)).toEqual([2, 0]);
});

test("timeline: runs finer than the wall clock, follows it when it is set, and never runs backwards otherwise", () => {
  let nowMs = 50.25;
  let wallMs = 1_000;
  const timeline = new Timeline({ nowMs: () => nowMs, wallMs: () => wallMs });
  expect(timeline.now()).toBe(1_000);
  nowMs += 0.5;
  expect(timeline.now()).toBe(1_000.5);
  nowMs += 1;
  wallMs += 1;
  const endMs = timeline.now();
  expect(endMs).toBe(1_001.5);
  expect(timeline.start(nowMs - 1.25)).toBe(1_000.25);
  wallMs += 60_000;
  expect(timeline.now()).toBe(61_001);
});
