/** Cost of tracing a healthy check: next to nothing where only failures are traced. Prints the figures. */
// alone: measures time
import { expect, test } from "bun:test";
import type { Monitor } from "../../src/monitor/monitor.ts";
import { systemClock } from "../../src/system/clock.ts";
import { type CheckLog, CheckTraces } from "../../src/telemetry/check-traces.ts";
import { SpanScope } from "../../src/telemetry/scope.ts";
import { Timeline } from "../../src/telemetry/span-clock.ts";
import { Tracer } from "../../src/telemetry/tracer.ts";
import { printFigure } from "../harness/base/figures.ts";
import { makeSpec, success } from "../harness/fakes/fakes.ts";

const PASSES = 100;
const ROUNDS = 7;
/** A check that is not traced, in comparison with one that is, at the most. */
const MAX_SHARE = 0.1;

const IGNORED: CheckLog = { finished: () => {}, changed: () => {}, damped: () => {}, skipped: () => {} };
// The properties of a monitor that are read.
const MONITOR = { spec: makeSpec(1), startedAtMs: 0, latenessMs: 1 } as unknown as Monitor;

/** Made beforehand: making them is no part of what is measured. */
const SETTLEMENTS = Array.from({ length: 1_000 }, (_, at) => ({
  result: { ...success(), durationMs: at },
  latenessMs: 1,
  transition: undefined,
}));

/** Nanoseconds that a healthy check takes, the best of some rounds; delivering the spans is left out. */
function nanoseconds(rate: number, all: boolean): number {
  const sink = { put: () => {}, full: false, lose: () => {} };
  const tracer = new Tracer(rate, { "service.name": "test" }, "1", sink);
  const traces = new CheckTraces(tracer, new SpanScope(), new Timeline(systemClock), IGNORED, () => {}, all);
  const round = () => {
    const startNs = Bun.nanoseconds();
    for (let pass = 0; pass < PASSES; pass++) {
      for (const settlement of SETTLEMENTS) traces.settled(MONITOR, settlement);
    }
    return (Bun.nanoseconds() - startNs) / (PASSES * SETTLEMENTS.length);
  };
  return Math.min(...Array.from({ length: ROUNDS }, round));
}

test("traces: a healthy check costs next to nothing where failures are traced", () => {
  const every = nanoseconds(1, true);
  const tenth = nanoseconds(0.1, true);
  const none = nanoseconds(1, false);
  printFigure("a check with `all`, every one sampled", every, "ns");
  printFigure("a check with `all`, every tenth sampled", tenth, "ns");
  printFigure("a healthy check with `failures`", none, "ns");
  expect(none / every).toBeLessThan(MAX_SHARE);
  expect(tenth).toBeLessThan(every);
});
