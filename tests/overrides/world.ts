/** Healthchecks, their overrides and what is reported about them, in virtual time; the wall clock can be set. Called by tests/overrides. */

import type { OnResult } from "../../src/checks/checker.ts";
import { notifyingObserver } from "../../src/daemon/state-notifications.ts";
import type { HealthcheckId } from "../../src/model/id.ts";
import type { HealthcheckSpec } from "../../src/model/spec.ts";
import { Monitor } from "../../src/monitor/monitor.ts";
import { OverrideCommands } from "../../src/overrides/commands.ts";
import { Overrides } from "../../src/overrides/overrides.ts";
import { Scheduler } from "../../src/scheduler/scheduler.ts";
import type { Moment } from "../../src/system/boot-clock.ts";
import {
  type FakeAttempt,
  FakeChecker,
  FakeDialer,
  FakeLogger,
  failure,
  id,
  makeSpec,
  success,
  VirtualTime,
} from "../harness/fakes/fakes.ts";
import { AT_ORIGIN } from "../harness/fakes/monitor-fixture.ts";

/** The operator of every command. */
export const ROOT = { uid: 0, user: "root", pid: 7 };

/** Time after which {@link World.add} has the first result. */
export const FIRST_RESULT_MS = 10;
const HOUR_MS = 3_600_000;

/** Finds what the test says. */
class AnsweringChecker extends FakeChecker {
  /** Undefined ends no check. */
  constructor(public found: "healthy" | "unhealthy" | undefined) {
    super();
  }

  override start(timeoutMs: number, done: OnResult): FakeAttempt {
    const attempt = super.start(timeoutMs, done);
    const { found } = this;
    if (found !== undefined)
      setTimeout(() => attempt.finish(found === "healthy" ? success() : failure("L4CON")), 1);
    return attempt;
  }
}

/** A healthcheck. */
export interface Added {
  readonly monitor: Monitor;
  readonly checker: AnsweringChecker;
}

/** A host whose server can be killed and started again. */
export class World implements Disposable {
  readonly time = new VirtualTime();
  readonly log = new FakeLogger();
  /** Reports in their order: `1 unhealthy`; a line `--` for each complete command. */
  readonly reports: string[] = [];
  /** Shift of the wall clock, milliseconds. */
  stepMs = 0;
  bootId = "a".repeat(32);
  /** Answer to the question whether overrides are kept. */
  kept: (signal: AbortSignal) => Promise<string | undefined> = async () => undefined;
  process = this.#startProcess();

  /** Returns the current moment of the host. */
  now(): Moment {
    return {
      wallMs: this.time.wallMs() + this.stepMs,
      bootMs: 1_000_000 + this.time.nowMs(),
      bootId: this.bootId,
    };
  }

  /** Adds a healthcheck. @param found - state that its checks find; undefined if none ends */
  add(number: number, found?: "healthy" | "unhealthy", changes: Partial<HealthcheckSpec> = {}): Added {
    const { monitors, scheduler, overrides, observers } = this.process;
    const checker = new AnsweringChecker(found);
    const env = { clock: this.time, scheduler, observers };
    const monitor = new Monitor(makeSpec(number, { timeoutMs: HOUR_MS, ...changes }), checker, env);
    overrides.attach(monitor);
    monitors.set(monitor.spec.id, monitor);
    monitor.start(this.time.nowMs(), AT_ORIGIN);
    if (found !== undefined) this.time.advance(FIRST_RESULT_MS);
    return { monitor, checker };
  }

  /** Removes a healthcheck, as a new list does. */
  remove(number: number): void {
    const { monitors } = this.process;
    monitors.get(id(number))?.stop();
    monitors.delete(id(number));
  }

  /** Executes a request. @returns the answer */
  async ask(request: object): Promise<Record<string, unknown>> {
    return JSON.parse(await this.process.commands.execute(JSON.stringify(request), ROOT));
  }

  /** Forces or pauses healthchecks; by default everything for a minute. */
  async set(action: string, fields: object = {}): Promise<Record<string, unknown>> {
    const usual = { command: "set", action, duration_ms: 60_000, reason: "a drill" };
    return await this.ask(
      "id" in fields || "target" in fields ? { ...usual, ...fields } : { ...usual, all: true, ...fields },
    );
  }

  /**
   * Kills the server and starts it again; its state file is intact.
   *
   * @param downMs - time in between
   * @param meanwhile - happens to the host
   */
  restart(downMs: number, meanwhile = () => {}): void {
    const left = this.process.overrides.list();
    this.#kill();
    this.time.advance(downMs);
    meanwhile();
    this.process = this.#startProcess();
    this.process.overrides.restore(left, false);
  }

  [Symbol.dispose](): void {
    this.#kill();
    this.time[Symbol.dispose]();
  }

  #kill(): void {
    this.process.overrides.stop();
    this.process.scheduler.stop();
  }

  #startProcess() {
    const monitors = new Map<HealthcheckId, Monitor>();
    const faults = { ticked: () => {}, stalled: () => {}, mayStart: () => true };
    const scheduler = new Scheduler(this.time, new FakeDialer(), {
      ...faults,
      fault: (error) => {
        throw error;
      },
    });
    const notify = ({
      id,
      status,
    }: {
      readonly id: HealthcheckId;
      readonly status: { readonly state: string };
    }) => void this.reports.push(`${id} ${status.state}`);
    const now = () => this.now();
    const overrides = new Overrides({
      monitors,
      log: this.log,
      now,
      report: ({ spec, status }) => notify({ id: spec.id, status }),
      changed: () => this.reports.push("--"),
    });
    const commands = new OverrideCommands({ overrides, monitors, now, kept: (signal) => this.kept(signal) });
    return { monitors, scheduler, overrides, commands, observers: [notifyingObserver({ notify })] };
  }
}
