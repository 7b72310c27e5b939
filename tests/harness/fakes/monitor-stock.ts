/**
 * Monitors whose checks the test begins and ends by hand, without network and timers: what metrics and the status API read.
 * Called by tests/metrics and tests/http.
 */
import type { HealthcheckId } from "../../../src/model/id.ts";
import type { CheckResult } from "../../../src/model/result.ts";
import type { HealthcheckSpec } from "../../../src/model/spec.ts";
import { STATES, type StateCounts } from "../../../src/model/status.ts";
import { Monitor, type MonitorObserver } from "../../../src/monitor/monitor.ts";
import { MonitorRecord } from "../../../src/monitor/record.ts";
import { Scheduler } from "../../../src/scheduler/scheduler.ts";
import type { Clock } from "../../../src/system/clock.ts";
import { FakeChecker, FakeDialer, VirtualTime } from "./fakes.ts";

/** Bounds of the histogram of every monitor's response times, in seconds. */
export const BOUNDS = [0.001, 0.01, 0.1, 1];

/** Outcome of one check. */
export interface CheckTimes {
  /** Lateness of its start. */
  readonly lateMs?: number;
  readonly tookMs?: number;
}

/** Monitors whose checks the test begins and ends, in virtual time. */
export class Stock {
  /** The clock; the test moves it. */
  nowMs = 0;
  /** Changes with every monitor that comes or goes, as the manager's does. */
  revision = 0;
  readonly monitors = new Map<HealthcheckId, Monitor>();
  readonly #clock: Clock = { nowMs: () => this.nowMs, wallMs: () => VirtualTime.WALL_MS + this.nowMs };
  readonly #scheduler: Scheduler;
  readonly #checkers = new Map<Monitor, FakeChecker>();

  constructor(readonly observer: Partial<MonitorObserver> = {}) {
    const noTicks = { ticked: () => {}, stalled: () => {}, fault: () => {}, mayStart: () => true };
    this.#scheduler = new Scheduler(this.#clock, new FakeDialer(), noTicks);
    // No check starts alone.
    this.#scheduler.stop();
  }

  /** Adds a monitor, and lets it have these results. */
  add(spec: HealthcheckSpec, results: readonly CheckResult[] = []): Monitor {
    return this.#add(spec, results, new MonitorRecord(BOUNDS));
  }

  /** The same, without a record: as it is with metrics switched off. */
  addBare(spec: HealthcheckSpec, results: readonly CheckResult[] = []): Monitor {
    return this.#add(spec, results, undefined);
  }

  /** Takes one away. */
  remove(id: HealthcheckId): void {
    this.monitors.get(id)?.stop();
    this.monitors.delete(id);
    this.revision++;
  }

  /** Begins a check, which runs until {@link end}. */
  begin(monitor: Monitor, lateMs = 0): void {
    monitor.begin(this.nowMs - lateMs, this.nowMs);
  }

  /** Ends the check under way. */
  end(monitor: Monitor, result: CheckResult): void {
    this.#checkers.get(monitor)?.last.finish(result);
  }

  /** Both. */
  check(monitor: Monitor, result: CheckResult, { lateMs = 0, tookMs = 1 }: CheckTimes = {}): void {
    this.begin(monitor, lateMs);
    this.nowMs += tookMs;
    this.end(monitor, result);
  }

  /** Returns the number of monitors in each state. */
  counts(): StateCounts {
    const states = [...this.monitors.values()].map(({ health }) => health.state);
    const count = (state: string) => states.filter((one) => one === state).length;
    const [unknown = 0, healthy = 0, unhealthy = 0] = STATES.map(count);
    return { unknown, healthy, unhealthy };
  }

  #add(spec: HealthcheckSpec, results: readonly CheckResult[], record: MonitorRecord | undefined): Monitor {
    const checker = new FakeChecker();
    const observers = [{ settled: () => {}, skipped: () => {}, released: () => {}, ...this.observer }];
    const env = { clock: this.#clock, scheduler: this.#scheduler, observers };
    const monitor = new Monitor(spec, checker, env, record);
    this.#checkers.set(monitor, checker);
    this.monitors.set(spec.id, monitor);
    this.revision++;
    for (const result of results) this.check(monitor, result);
    return monitor;
  }
}
