/** The manager with real monitors in virtual time, whose checkers the test answers. */
import { expect, test } from "bun:test";
import { Manager } from "../../src/manager/manager.ts";
import type { HealthcheckId } from "../../src/model/id.ts";
import type { HealthcheckSpec } from "../../src/model/spec.ts";
import { Monitor } from "../../src/monitor/monitor.ts";
import { Scheduler } from "../../src/scheduler/scheduler.ts";
import {
  FakeChecker,
  FakeDialer,
  FakeLogger,
  failure,
  id,
  makeSpec,
  success,
  tcpSpec,
  VirtualTime,
} from "../harness/fakes/fakes.ts";

const NONE_REFUSED: ReadonlySet<HealthcheckId> = new Set();

class Fixture implements Disposable {
  readonly time = new VirtualTime();
  readonly log = new FakeLogger();
  readonly ended: HealthcheckId[] = [];
  readonly made: HealthcheckSpec[] = [];
  /** By id; the newest when there were several. */
  readonly checkers = new Map<HealthcheckId, FakeChecker>();
  broken = false;
  readonly #scheduler = new Scheduler(this.time, new FakeDialer(), {
    ticked: () => {},
    stalled: () => {},
    fault: () => {},
    mayStart: () => true,
  });
  readonly manager = new Manager(
    this.time,
    this.log,
    (spec) => this.#make(spec),
    (gone) => this.ended.push(gone),
  );

  apply(specs: readonly HealthcheckSpec[], rejected = NONE_REFUSED): Promise<unknown> {
    return this.manager.apply({ specs, rejected });
  }

  checker(number: number): FakeChecker {
    const checker = this.checkers.get(id(number));
    if (checker === undefined) throw new Error(`no checker was made for ${number}`);
    return checker;
  }

  status(number: number) {
    return this.manager.monitors.get(id(number))?.status;
  }

  [Symbol.dispose](): void {
    this.#scheduler.stop();
    this.time[Symbol.dispose]();
  }

  #make(spec: HealthcheckSpec): Monitor {
    if (this.broken) throw new Error("cannot be made");
    this.made.push(spec);
    const checker = new FakeChecker();
    this.checkers.set(spec.id, checker);
    return new Monitor(spec, checker, { clock: this.time, scheduler: this.#scheduler, observers: [] });
  }
}

test("manager: a set is started immediately, and reported only when measured", async () => {
  using fixture = new Fixture();
  await fixture.apply([makeSpec(1), makeSpec(2)]);
  fixture.time.advance(10);
  expect([...fixture.manager.measuredStatuses()]).toEqual([]);
  expect([...fixture.manager.statuses()].map(({ status }) => status.state)).toEqual(["unknown", "unknown"]);
  fixture.checker(2).last.finish(failure("L4CON"));
  expect(
    [...fixture.manager.measuredStatuses()].map((known) => [String(known.id), known.status.state]),
  ).toEqual([["2", "unhealthy"]]);
});

test("manager: the same set again touches nothing and logs nothing", async () => {
  using fixture = new Fixture();
  await fixture.apply([makeSpec(1)]);
  fixture.time.advance(10);
  const { entries } = fixture.log;
  const said = entries.length;
  await fixture.apply([makeSpec(1)]);
  expect(fixture.made.length).toBe(1);
  expect(fixture.checker(1).last.canceled).toBe(false);
  expect(entries.length).toBe(said);
});

test("manager: another interval keeps state and counters, another target starts over", async () => {
  using fixture = new Fixture();
  await fixture.apply([makeSpec(1), makeSpec(2)]);
  fixture.time.advance(10);
  for (const number of [1, 2]) fixture.checker(number).last.finish(success());
  await fixture.apply([makeSpec(1, { fall: 7 }), makeSpec(2, { check: tcpSpec(81) })]);
  expect(fixture.status(1)).toMatchObject({ state: "healthy", successes: 1 });
  expect(fixture.status(2)).toMatchObject({ state: "unknown", successes: 0 });
  expect(fixture.manager.monitors.get(id(1))?.spec.fall).toBe(7);
  expect(fixture.made.map((spec) => String(spec.id))).toEqual(["1", "2", "2"]);
});

test("manager: an unwanted healthcheck stops, and its end is reported", async () => {
  using fixture = new Fixture();
  await fixture.apply([makeSpec(1), makeSpec(2)]);
  fixture.time.advance(10);
  const { last } = fixture.checker(1);
  fixture.ended.length = 0;
  await fixture.apply([makeSpec(2)]);
  expect(last.canceled).toBe(true);
  expect(fixture.ended).toEqual([id(1)]);
  expect([...fixture.manager.monitors.keys()]).toEqual([id(2)]);
});

test("manager: the end of a replaced healthcheck is reported, because its pending state is void", async () => {
  using fixture = new Fixture();
  await fixture.apply([makeSpec(1)]);
  fixture.ended.length = 0;
  await fixture.apply([makeSpec(1, { check: tcpSpec(81) })]);
  expect(fixture.ended).toEqual([id(1)]);
});

test("manager: a rejected healthcheck continues", async () => {
  using fixture = new Fixture();
  await fixture.apply([makeSpec(1)]);
  fixture.time.advance(10);
  await fixture.apply([], new Set([id(1)]));
  expect(fixture.checker(1).last.canceled).toBe(false);
  expect(fixture.manager.monitors.size).toBe(1);
});

test("manager: sets are taken in one after the other, the last one holds", async () => {
  using fixture = new Fixture();
  const sets = [[makeSpec(1)], [makeSpec(2)], [], [makeSpec(3)]];
  await Promise.all(sets.map((specs) => fixture.apply(specs)));
  expect([...fixture.manager.monitors.keys()]).toEqual([id(3)]);
});

test("manager: a set that could not be applied does not block the next", async () => {
  using fixture = new Fixture();
  fixture.broken = true;
  // The caller of the first set may receive the fault; later callers must not.
  await fixture.apply([makeSpec(1)]).catch(() => {});
  fixture.broken = false;
  await fixture.apply([makeSpec(2)]);
  expect([...fixture.manager.monitors.keys()]).toEqual([id(2)]);
});

test("manager: the starts of a large new set are spread", async () => {
  using fixture = new Fixture();
  await fixture.apply(Array.from({ length: 1_000 }, (_, index) => makeSpec(index)));
  const started = () => [...fixture.checkers.values()].filter(({ attempts }) => attempts.length > 0).length;
  fixture.time.advance(100);
  expect(started()).toBeGreaterThan(50);
  expect(started()).toBeLessThan(250);
  fixture.time.advance(650);
  expect(started()).toBe(1_000);
});

test("manager: after its stop nothing runs and nothing starts", async () => {
  using fixture = new Fixture();
  await fixture.apply([makeSpec(1)]);
  fixture.time.advance(10);
  fixture.manager.stop();
  expect(fixture.checker(1).last.canceled).toBe(true);
  await fixture.apply([makeSpec(1), makeSpec(2)]);
  fixture.time.advance(5_000);
  expect(fixture.made.length).toBe(1);
  expect(fixture.checker(1).attempts.length).toBe(1);
});

test("manager: logs the original's messages, and a summary", async () => {
  using fixture = new Fixture();
  await fixture.apply([makeSpec(1), makeSpec(2), makeSpec(3)]);
  fixture.log.entries.length = 0;
  await fixture.apply([makeSpec(2, { fall: 2 }), makeSpec(3, { check: tcpSpec(81) }), makeSpec(4)]);
  expect(fixture.log.messages("info")).toEqual([
    "Removing healthcheck",
    "Adjusting healthcheck",
    "Replacing healthcheck",
    "Adding healthcheck",
    "Healthchecks updated",
  ]);
  expect(fixture.log.entries.at(-1)?.fields).toEqual({
    added: 1,
    adjusted: 1,
    replaced: 1,
    removed: 1,
    running: 3,
  });
});

test("manager: with inheritMs, a new id continues the state, the runs and the counters of an equal check, also when ids are exchanged", async () => {
  using fixture = new Fixture();
  const spec = (number: number, port: number) => makeSpec(number, { fall: 2, check: tcpSpec(port) });
  const apply = (specs: readonly HealthcheckSpec[]) =>
    fixture.manager.apply({ specs, rejected: NONE_REFUSED, inheritMs: 60_000 });
  await apply([spec(1, 80), spec(2, 81)]);
  fixture.time.advance(10);
  fixture.checker(1).last.finish(success());
  fixture.checker(2).last.finish(failure("L4CON"));
  await apply([spec(2, 80), spec(1, 81)]);
  expect([fixture.status(1)?.state, fixture.status(2)?.state]).toEqual(["unhealthy", "healthy"]);
  // The engine has restarted, and its set is still empty.
  await apply([]);
  fixture.time.advance(59_000);
  await apply([spec(7, 80)]);
  expect(fixture.status(7)).toMatchObject({ state: "healthy", successes: 1, failures: 0 });
  fixture.time.advance(10);
  // One failure of two is not enough; for a healthcheck without a state it would be.
  fixture.checker(7).last.finish(failure("L4CON"));
  expect(fixture.status(7)).toMatchObject({ state: "healthy", successes: 1, failures: 1 });
});

test.each([
  ["an equal check", 60_000, [makeSpec(2)], true, "healthy"],
  ["another port", 60_000, [makeSpec(2, { check: tcpSpec(81) })], true, "unknown"],
  [
    "another way to close",
    60_000,
    [makeSpec(2, { check: tcpSpec(80, { close: "graceful" }) })],
    true,
    "unknown",
  ],
  ["a check that was removed long ago", 60_001, [makeSpec(2)], true, "unknown"],
  ["a set without inheritMs", 60_000, [makeSpec(2)], false, "unknown"],
] as const)("manager: a new id of %s", async (_, afterMs, specs, mayInherit, state) => {
  using fixture = new Fixture();
  const inheritMs = { inheritMs: 60_000 };
  await fixture.manager.apply({ specs: [makeSpec(1)], rejected: NONE_REFUSED, ...inheritMs });
  fixture.time.advance(10);
  fixture.checker(1).last.finish(success());
  await fixture.manager.apply({ specs: [], rejected: NONE_REFUSED, ...inheritMs });
  fixture.time.advance(afterMs);
  await fixture.manager.apply({ specs, rejected: NONE_REFUSED, ...(mayInherit ? inheritMs : {}) });
  expect(fixture.status(2)?.state).toBe(state);
});
