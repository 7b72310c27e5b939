/** Damping of flapping backends: the penalty, and a monitor with it in virtual time. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { DampingSpec } from "../../src/model/spec.ts";
import { DAMPING_DEFAULTS } from "../../src/model/spec.ts";
import { UNKNOWN } from "../../src/model/status.ts";
import {
  CEILING_REUSES,
  CHANGE_PENALTY,
  type DampedHealth,
  damp,
  dampingAt,
} from "../../src/monitor/damping.ts";
import { UNKNOWN_HEALTH } from "../../src/monitor/transition.ts";
import { failure, makeSpec, success } from "../harness/fakes/fakes.ts";
import { AT_ORIGIN, MonitorFixture } from "../harness/fakes/monitor-fixture.ts";

const ONE = { rise: 1, fall: 1 };
const START: DampedHealth = { health: UNKNOWN_HEALTH, damping: undefined };

/** Applies results at their times: `+` and `-`, one every `stepMs`. */
function apply(results: string, stepMs: number, spec: DampingSpec | undefined, from = START, firstMs = 0) {
  let now = from;
  for (const [at, result] of [...results].entries())
    now = damp(now, result === "+", ONE, spec, firstMs + at * stepMs);
  return now;
}

test("damp: the first result adds no penalty, each change after it 1,000, which halves in a half-life", () => {
  expect(apply("+", 0, DAMPING_DEFAULTS).damping).toBeUndefined();
  const fallen = apply("+-", 0, DAMPING_DEFAULTS);
  expect(fallen.damping).toMatchObject({ penalty: CHANGE_PENALTY, isDamped: false });
  expect(dampingAt(fallen.damping, "unhealthy", DAMPING_DEFAULTS, 60_000).penalty).toBe(CHANGE_PENALTY / 2);
  expect(damp(fallen, true, ONE, DAMPING_DEFAULTS, 60_000).damping?.penalty).toBe(CHANGE_PENALTY * 1.5);
});

test("damp: one outage is never damped with the defaults, the second fall within seconds is", () => {
  expect(apply("+-+", 0, DAMPING_DEFAULTS).health.state).toBe("healthy");
  const flapping = apply("+-+-", 3_000, DAMPING_DEFAULTS);
  expect(flapping.damping?.isDamped).toBe(true);
  const answering = apply("+", 0, DAMPING_DEFAULTS, flapping, 12_000);
  expect([answering.health.state, answering.damping?.measured]).toEqual(["unhealthy", "healthy"]);
});

test("damp: below reuse the measured state is reported, with a result that agrees with it", () => {
  const spec = { halfLifeMs: 1_000, suppress: 2_000, reuse: 750 };
  const flapping = apply("+-+-+", 0, spec);
  const { calmInMs } = dampingAt(flapping.damping, "unhealthy", spec, 0);
  expect(calmInMs).toBeCloseTo(Math.log2(4_000 / 750) * 1_000, 6);
  expect(damp(flapping, true, ONE, spec, calmInMs - 1).health.state).toBe("unhealthy");
  expect(damp(flapping, false, { rise: 1, fall: 2 }, spec, calmInMs + 1).health.state).toBe("unhealthy");
  const calm = damp(flapping, true, ONE, spec, calmInMs + 1);
  expect([calm.health.state, calm.damping?.isDamped]).toEqual(["healthy", false]);
  expect(damp(calm, true, ONE, spec, 60_000).damping).toBeUndefined();
});

test("damp: without damping in the new configuration the measured state is reported with the next result", () => {
  const flapping = apply("+-+-+", 0, DAMPING_DEFAULTS);
  expect(damp(flapping, true, ONE, undefined, 0)).toMatchObject({
    health: { state: "healthy" },
    damping: undefined,
  });
});

const anySpec = fc
  .record({ halfLifeMs: fc.integer({ min: 10, max: 1e7 }), suppress: fc.integer({ min: 2, max: 20_000 }) })
  .chain((spec) => fc.record({ ...mapOf(spec), reuse: fc.integer({ min: 1, max: spec.suppress - 1 }) }));

function mapOf({ halfLifeMs, suppress }: Omit<DampingSpec, "reuse">) {
  return { halfLifeMs: fc.constant(halfLifeMs), suppress: fc.constant(suppress) };
}

test("damp: the penalty is bounded, and a backend that stays healthy is reported so in the end", () => {
  const results = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 1e6 })), { maxLength: 200 });
  fc.assert(
    fc.property(anySpec, results, (spec, steps) => {
      let now = START;
      let nowMs = 0;
      for (const [isSuccess, gapMs] of steps) {
        nowMs += gapMs;
        now = damp(now, isSuccess, ONE, spec, nowMs);
        const { health, damping } = now;
        expect(damping?.penalty ?? 0).toBeLessThanOrEqual(
          Math.max(spec.suppress, spec.reuse * CEILING_REUSES),
        );
        expect(health.state).toBe(damping?.isDamped ? "unhealthy" : isSuccess ? "healthy" : "unhealthy");
      }
      now = damp(now, true, ONE, spec, nowMs);
      const { calmInMs } = dampingAt(now.damping, now.health.state, spec, nowMs);
      expect(damp(now, true, ONE, spec, nowMs + calmInMs + 1).health.state).toBe("healthy");
    }),
  );
});

/** Answers each check by whether the backend is up at that time. */
function run(fixture: MonitorFixture, untilMs: number, isUp: (nowMs: number) => boolean): void {
  while (fixture.time.nowMs() < untilMs)
    fixture.answer(isUp(fixture.time.nowMs()) ? success() : failure("L4CON"));
}

const everyThreeSeconds = (nowMs: number) => Math.floor(nowMs / 3_000) % 2 === 0;
const TEN_MINUTES_MS = 600_000;

test("monitor: a backend that flips every 3 s for 10 minutes changes its reported state 4 times at most, and is healthy once calm", () => {
  using fixture = new MonitorFixture({ damping: DAMPING_DEFAULTS });
  fixture.start();
  run(fixture, TEN_MINUTES_MS, everyThreeSeconds);
  expect(fixture.changes).toEqual([
    "unknown healthy",
    "healthy unhealthy",
    "unhealthy healthy",
    "healthy unhealthy",
  ]);
  expect(fixture.monitor.damping?.isDamped).toBe(true);
  run(fixture, TEN_MINUTES_MS + 5 * DAMPING_DEFAULTS.halfLifeMs, () => true);
  expect(fixture.changes.slice(4)).toEqual(["unhealthy healthy"]);
  expect(fixture.dampings).toEqual(["began, measured unhealthy", "ended, measured healthy"]);
  expect(fixture.record.transitions.reduce((sum, count) => sum + count, 0)).toBe(5);
});

test("monitor: the status of a damped backend ends with a note, also where the message is long", () => {
  using fixture = new MonitorFixture({ damping: DAMPING_DEFAULTS });
  fixture.start();
  const note = "(damped: stays unhealthy until it stops flapping)";
  for (const result of "+-+") fixture.answer(result === "+" ? success() : failure("L4CON"));
  expect(fixture.monitor.status.message).not.toContain("damped");
  const down = failure("L4CON");
  fixture.answer({ ...down, message: "ü".repeat(400) });
  expect(fixture.monitor.status.message).toEndWith(note);
  expect(Buffer.byteLength(fixture.monitor.status.message)).toBeLessThanOrEqual(512);
  fixture.answer(success());
  expect(fixture.monitor.status).toMatchObject({ state: "unhealthy" });
  expect(fixture.monitor.status.message).toEndWith(`connected ${note}`);
  // The results themselves are those of the backend.
  expect(fixture.record.history.lastMessage).toEndWith("connected");
});

test("monitor: damping outlives a new configuration and an equal check with a new id", () => {
  using fixture = new MonitorFixture({ damping: DAMPING_DEFAULTS });
  fixture.start();
  for (const result of "+-+-") fixture.answer(result === "+" ? success() : failure("L4CON"));
  fixture.monitor.reconfigure(makeSpec(1, { damping: DAMPING_DEFAULTS, timeoutMs: 300 }), AT_ORIGIN);
  fixture.answer(success());
  expect(fixture.monitor.health.state).toBe("unhealthy");
  const { memory } = fixture.monitor;
  fixture.monitor.inherit({ health: UNKNOWN_HEALTH, status: UNKNOWN });
  expect(fixture.monitor.isDamped).toBe(false);
  fixture.monitor.inherit(memory);
  expect(fixture.monitor.isDamped).toBe(true);
});

test("monitor: a damped backend that answers is checked at its interval, not at down_interval", () => {
  using fixture = new MonitorFixture({ damping: DAMPING_DEFAULTS, downIntervalMs: 10_000 });
  fixture.start();
  for (const result of "+-+-") fixture.answer(result === "+" ? success() : failure("L4CON"));
  expect([fixture.monitor.health.state, fixture.monitor.pace]).toEqual(["unhealthy", "down"]);
  fixture.answer(success());
  expect([fixture.monitor.health.state, fixture.monitor.pace]).toEqual(["unhealthy", "normal"]);
});
