/** Spans on their way: when they go, what is kept, what is lost and what is said, in virtual time. */
import { expect, test } from "bun:test";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { Exporter, ExportFailure, ExportOutcome } from "../../src/telemetry/exporter.ts";
import { FinishedSpan } from "../../src/telemetry/span.ts";
import { MAX_SPANS, SpanExportQueue } from "../../src/telemetry/span-export-queue.ts";
import { Tracer } from "../../src/telemetry/tracer.ts";
import { FakeLogger, VirtualTime } from "../harness/fakes/fakes.ts";

const RETRY: ExportFailure = { message: "connection refused", retry: true };
const FINAL: ExportFailure = { message: "HTTP status 400", retry: false };

/** An outbox whose collector does what the test says. */
class Fixture implements Disposable {
  readonly time = new VirtualTime();
  readonly log = new FakeLogger();
  readonly sent: number[] = [];
  lost = 0;
  closed = false;
  /** Outcome of a delivery; `never` means that it does not end. */
  outcome: ExportOutcome | "never" = undefined;
  /** Duration of a delivery. */
  delayMs = 0;
  readonly exporter: Exporter = {
    export: (spans) => {
      this.sent.push(spans.length);
      const { outcome } = this;
      if (outcome === "never") return new Promise(() => {});
      return new Promise((resolve) => {
        if (this.delayMs === 0) resolve(outcome);
        else setTimeout(() => resolve(outcome), this.delayMs);
      });
    },
    close: () => {
      this.closed = true;
    },
  };
  readonly outbox = new SpanExportQueue(
    this.exporter,
    { endpoint: "http://c/", timeoutMs: 10_000, lost: (count) => (this.lost += count) },
    this.log,
  );

  put(count: number): void {
    for (let nth = 0; nth < count; nth++) this.outbox.put(SPAN);
  }

  /** Lets time pass in small steps, and promises settle in between. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 100) {
      this.time.advance(100);
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    }
  }

  get warnings() {
    return this.log.entries.filter(({ level }) => level === "warn").map(({ fields }) => fields);
  }

  [Symbol.dispose](): void {
    this.time[Symbol.dispose]();
  }
}

/** One is as good as another. */
const SPAN: ReadableSpan = (() => {
  const spans: ReadableSpan[] = [];
  const tracer = new Tracer(1, {}, "1", { put: (span) => void spans.push(span), full: false, lose() {} });
  tracer.finish(tracer.forcedRoot(), { name: "n", kind: 0, startMs: 1, endMs: 2, attributes: {} });
  const [span] = spans;
  if (!(span instanceof FinishedSpan)) throw new Error("no span");
  return span;
})();

test("span queue: a span waits a moment for others; while they keep coming, batches go further apart", async () => {
  using fixture = new Fixture();
  fixture.put(3);
  await fixture.pass(900);
  expect(fixture.sent).toEqual([]);
  await fixture.pass(200);
  expect(fixture.sent).toEqual([3]);
  fixture.put(2);
  await fixture.pass(3_000);
  expect(fixture.sent).toEqual([3]);
  await fixture.pass(2_000);
  expect(fixture.sent).toEqual([3, 2]);
  expect(fixture.outbox.waiting).toBe(0);
});

test("span queue: a full batch is sent immediately, and the next a moment after it", async () => {
  using fixture = new Fixture();
  fixture.put(600);
  await fixture.pass(100);
  expect(fixture.sent).toEqual([256]);
  await fixture.pass(200);
  expect(fixture.sent).toEqual([256, 256]);
  await fixture.pass(5_000);
  expect(fixture.sent).toEqual([256, 256, 88]);
});

test("span queue: what cannot be delivered now is kept and tried again, less and less often", async () => {
  using fixture = new Fixture();
  fixture.outcome = RETRY;
  fixture.put(5);
  await fixture.pass(120_000);
  expect(fixture.sent.length).toBeGreaterThan(4);
  expect(fixture.sent.length).toBeLessThan(12);
  fixture.outcome = undefined;
  await fixture.pass(31_000);
  expect(fixture.outbox.waiting).toBe(0);
  expect(fixture.lost).toBe(0);
  expect(fixture.log.messages("info")).toEqual(["Trace delivery recovered"]);
});

test("span queue: when it is full the newest are lost and counted, and logged once a minute", async () => {
  using fixture = new Fixture();
  fixture.outcome = RETRY;
  for (let second = 0; second < 150; second++) {
    fixture.put(100);
    await fixture.pass(1_000);
  }
  expect(fixture.outbox.waiting).toBe(MAX_SPANS);
  expect(fixture.lost).toBe(150 * 100 - MAX_SPANS);
  expect(fixture.warnings.length).toBe(3);
  expect(fixture.warnings[0]).toMatchObject({
    endpoint: "http://c/",
    error: "connection refused",
  });
  const takeContext = fixture.warnings.reduce((sum, { lost }) => sum + Number(lost), 0);
  expect(takeContext).toBeGreaterThan(100 * 50);
  expect(takeContext).toBeLessThanOrEqual(fixture.lost);
});

test("span queue: spans that the collector rejects for good are lost and counted", async () => {
  using fixture = new Fixture();
  fixture.outcome = FINAL;
  fixture.put(7);
  await fixture.pass(1_100);
  expect([fixture.outbox.waiting, fixture.lost]).toEqual([0, 7]);
  expect(fixture.warnings).toEqual([
    { endpoint: "http://c/", error: "HTTP status 400", waiting: 0, lost: 7 },
  ]);
});

test("span queue: a delivery without an outcome is abandoned", async () => {
  using fixture = new Fixture();
  fixture.outcome = "never";
  fixture.put(1);
  await fixture.pass(12_000);
  expect(fixture.warnings).toEqual([]);
  await fixture.pass(2_000);
  expect(fixture.warnings).toMatchObject([{ error: "no answer within 12000ms" }]);
});

test("span queue: that it overflows is no reason while a delivery may show the reason", async () => {
  using fixture = new Fixture();
  fixture.outcome = "never";
  for (let second = 0; second < 14; second++) {
    fixture.put(500);
    await fixture.pass(1_000);
  }
  expect(fixture.lost).toBeGreaterThan(1_000);
  expect(fixture.warnings).toMatchObject([{ error: "no answer within 12000ms" }]);
  expect(fixture.warnings[0]?.["lost"]).toBeGreaterThan(1_000);
});

test("span queue: when it overflows although deliveries succeed, spans come too fast", async () => {
  using fixture = new Fixture();
  fixture.delayMs = 2_000;
  for (let second = 0; second < 14; second++) {
    fixture.put(500);
    await fixture.pass(1_000);
  }
  expect(fixture.lost).toBeGreaterThan(1_000);
  expect(fixture.warnings).toMatchObject([
    { error: "spans are created faster than they can be delivered; delivering 256 took 2.0s" },
  ]);
});

test("span queue: spans that a collector rejects of an accepted delivery are lost and logged, and the next is sent as usual", async () => {
  using fixture = new Fixture();
  fixture.outcome = { message: "collector rejected 2 of 5 spans", rejected: 2 };
  for (let delivery = 0; delivery < 3; delivery++) {
    fixture.put(5);
    await fixture.pass(5_000);
  }
  expect([fixture.sent, fixture.outbox.waiting, fixture.lost]).toEqual([[5, 5, 5], 0, 6]);
  expect(fixture.warnings).toMatchObject([{ error: "collector rejected 2 of 5 spans", lost: 2 }]);
  fixture.outcome = undefined;
  fixture.put(1);
  await fixture.pass(5_000);
  expect(fixture.log.entries.at(-1)).toMatchObject({
    message: "Trace delivery recovered",
    fields: { lost: 4 },
  });
});

test("span queue: a collector's warnings are logged once a minute, and suppress no failure", async () => {
  using fixture = new Fixture();
  fixture.outcome = { message: "obsolete", rejected: 0 };
  for (let delivery = 0; delivery < 3; delivery++) {
    fixture.put(5);
    await fixture.pass(5_000);
  }
  expect([fixture.outbox.waiting, fixture.lost]).toEqual([0, 0]);
  expect(fixture.warnings).toEqual([{ endpoint: "http://c/", warning: "obsolete" }]);
  fixture.outcome = RETRY;
  fixture.put(1);
  await fixture.pass(5_000);
  expect(fixture.warnings.at(-1)).toMatchObject({ error: "connection refused" });
  expect(fixture.log.messages("info")).toEqual([]);
});

test("span queue: closing delivers what waits, batch after batch, and takes nothing more", async () => {
  const fixture = new Fixture();
  // Its deadline is in real time.
  fixture[Symbol.dispose]();
  fixture.put(255);
  fixture.put(100);
  expect(await fixture.outbox.close(new AbortController().signal)).toBe(0);
  expect(fixture.sent).toEqual([256, 99]);
  fixture.put(1);
  expect([fixture.lost, fixture.closed]).toEqual([1, true]);
});

test("span queue: closing ends in time without a response", async () => {
  const fixture = new Fixture();
  fixture[Symbol.dispose]();
  fixture.outcome = "never";
  fixture.put(300);
  expect(await fixture.outbox.close(AbortSignal.timeout(50))).toBe(300);
  expect(fixture.closed).toBe(true);
});
