/** A monitor in virtual time with everything around it, and a record of what it says. Called by tests/monitor. */
import type { OnResult } from "../../../src/checks/checker.ts";
import type { CheckResult } from "../../../src/model/result.ts";
import type { HealthcheckSpec } from "../../../src/model/spec.ts";
import { Monitor, type MonitorObserver } from "../../../src/monitor/monitor.ts";
import type { NetworkGate } from "../../../src/monitor/network-gate.ts";
import { MonitorRecord } from "../../../src/monitor/record.ts";
import type { Phase } from "../../../src/monitor/schedule.ts";
import { Scheduler } from "../../../src/scheduler/scheduler.ts";
import { type FakeAttempt, FakeChecker, FakeDialer, makeSpec, VirtualTime } from "./fakes.ts";

/** Place on a grid through 0. */
export const AT_ORIGIN: Phase = { originMs: 0, share: 0 };

/** A checker that notes when it is started, and can be broken. */
class NotingChecker extends FakeChecker {
  broken: Error | undefined;

  constructor(readonly onStart: () => void) {
    super();
  }

  override start(timeoutMs: number, done: OnResult): FakeAttempt {
    this.onStart();
    if (this.broken !== undefined) throw this.broken;
    return super.start(timeoutMs, done);
  }
}

/** A monitor with a checker that the test controls, in virtual time. */
export class MonitorFixture implements Disposable {
  readonly time = new VirtualTime();
  readonly startsMs: number[] = [];
  readonly changes: string[] = [];
  readonly results: CheckResult[] = [];
  readonly latenesses: number[] = [];
  readonly settlements: { state: string; transition: object | undefined }[] = [];
  /** Edges of damping, with the measured state. */
  readonly dampings: string[] = [];
  readonly skipped = { running: 0, late: 0 };
  readonly checker = new NotingChecker(() => this.startsMs.push(this.time.nowMs()));
  readonly record = new MonitorRecord([0.005, 0.05]);
  readonly observers: MonitorObserver[] = [
    {
      settled: ({ status, damping: now }, { result, latenessMs, transition, damping }) => {
        if (damping !== undefined) this.dampings.push(`${damping}, measured ${now?.measured}`);
        this.results.push(result);
        this.latenesses.push(latenessMs);
        const change = transition && { from: transition.from, to: transition.to };
        this.settlements.push({ state: status.state, transition: change });
        if (transition !== undefined) this.changes.push(`${transition.from} ${transition.to}`);
      },
      skipped: (_monitor, count, why) => {
        this.skipped[why] += count;
      },
      released: (_monitor, { from, to }) => {
        this.changes.push(`${from} ${to}`);
      },
    },
  ];
  readonly monitor: Monitor;
  readonly #faults: unknown[] = [];
  readonly #scheduler: Scheduler;

  constructor(changes: Partial<HealthcheckSpec> = {}, gate?: NetworkGate) {
    this.#scheduler = new Scheduler(this.time, new FakeDialer(), {
      ticked: () => {},
      stalled: () => {},
      fault: (error) => this.#faults.push(error),
      mayStart: () => true,
    });
    this.monitor = new Monitor(
      makeSpec(1, changes),
      this.checker,
      {
        clock: this.time,
        scheduler: this.#scheduler,
        ...(gate === undefined ? {} : { gate }),
        observers: this.observers,
      },
      this.record,
    );
  }

  /** Starts it now, on a grid through 0, and waits until its first check has begun. */
  start(): void {
    this.monitor.start(this.time.nowMs(), AT_ORIGIN);
    this.time.advance(10);
  }

  /** Ends the check under way and waits for the next. */
  answer(result: CheckResult): void {
    this.checker.last.finish(result);
    this.toNextStart();
  }

  /** Waits until another check has begun. */
  toNextStart(): void {
    const before = this.startsMs.length;
    for (let ms = 0; this.startsMs.length === before; ms++) {
      if (ms > 100_000) throw new Error("no further check within 100 s");
      this.time.advance(1);
    }
  }

  [Symbol.dispose](): void {
    this.#scheduler.stop();
    this.time[Symbol.dispose]();
    if (this.#faults.length > 0) throw new AggregateError(this.#faults, "a callback threw");
  }
}
