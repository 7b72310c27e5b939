/**
 * Makes the running monitors equal to the newest desired set. Sets are applied one after the other, each in short time slices;
 * monitors whose specification is unchanged are not touched.
 */

import { formatTarget } from "../checks/registry.ts";
import type { Logger } from "../logging/logger.ts";
import { describeError } from "../model/format-value.ts";
import type { HealthcheckId } from "../model/id.ts";
import type { HealthcheckSpec } from "../model/spec.ts";
import type { Notification, StateCounts } from "../model/status.ts";
import type { Monitor } from "../monitor/monitor.ts";
import { firstStartMs, type Phase } from "../monitor/schedule.ts";
import type { Clock } from "../system/clock.ts";
import { forEachSliced } from "../system/time-slicing.ts";
import { Departed } from "./departed.ts";
import { type DesiredSet, type Diff, diff } from "./diff.ts";
import { PhaseTable } from "./phase-table.ts";

/** Creates a monitor, not started yet. */
export type MonitorFactory = (spec: HealthcheckSpec) => Monitor;

/** Numbers of healthchecks that a new set has added, changed, removed and kept. */
export interface UpdateCounts {
  readonly added: number;
  readonly adjusted: number;
  readonly replaced: number;
  readonly removed: number;
  readonly kept: number;
}

/** Numbers of running monitors by state, and of checks under way. */
export interface MonitorCounts {
  readonly states: StateCounts;
  /** Those of {@link states} whose state is from before a restart and not confirmed by a check yet. */
  readonly provisional: number;
  /** Checks under way. */
  readonly inFlight: number;
  /** Monitors that an operator has forced or paused. */
  readonly overridden: number;
}

/** Owns the running monitors. */
export class Manager {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #makeMonitor: MonitorFactory;
  readonly #onEnd: (id: HealthcheckId) => void;
  readonly #monitors = new Map<HealthcheckId, Monitor>();
  readonly #phases = new PhaseTable();
  readonly #departed = new Departed();
  /** 1970 on the monotonic clock, so that a phase is the same time of day in every process. */
  readonly #originMs: number;
  #applying: Promise<unknown> = Promise.resolve();
  #revision = 0;
  #stopped = false;

  /** @param onEnd - receives the id of every monitor that is removed or replaced, whose pending events are void */
  constructor(clock: Clock, log: Logger, makeMonitor: MonitorFactory, onEnd: (id: HealthcheckId) => void) {
    this.#clock = clock;
    this.#originMs = clock.nowMs() - clock.wallMs();
    this.#log = log;
    this.#makeMonitor = makeMonitor;
    this.#onEnd = onEnd;
  }

  /** The monitors that run now. */
  get monitors(): ReadonlyMap<HealthcheckId, Monitor> {
    return this.#monitors;
  }

  /** A number that changes whenever a monitor is added or removed. */
  get revision(): number {
    return this.#revision;
  }

  /** Counts the monitors; 10,000 take a fraction of a millisecond. */
  counts(): MonitorCounts {
    const states = { unknown: 0, healthy: 0, unhealthy: 0 };
    let provisional = 0;
    let inFlight = 0;
    let overridden = 0;
    for (const monitor of this.#monitors.values()) {
      states[monitor.state]++;
      if (monitor.provisional !== undefined) provisional++;
      if (monitor.running) inFlight++;
      if (monitor.override !== undefined) overridden++;
    }
    return { states, provisional, inFlight, overridden };
  }

  /**
   * Applies a desired set, after those of earlier calls.
   *
   * @returns settles when the set's healthchecks run
   */
  apply(desired: DesiredSet): Promise<UpdateCounts> {
    const applied = this.#applying.then(() => this.#apply(desired));
    // A set that failed must not prevent the next one.
    this.#applying = applied.catch(() => {});
    return applied;
  }

  /** Returns every state that was measured; none for a monitor before its first conclusive result. */
  *measuredStatuses(): Iterable<Notification> {
    for (const [id, { status }] of this.#monitors) {
      if (status.state !== "unknown") yield { id, status };
    }
  }

  /** Returns the status of every monitor, `unknown` ones included. */
  *statuses(): Iterable<Notification> {
    for (const [id, { status }] of this.#monitors) yield { id, status };
  }

  /** Stops every monitor permanently. */
  stop(): void {
    this.#stopped = true;
    for (const monitor of this.#monitors.values()) monitor.stop();
  }

  async #apply(desired: DesiredSet): Promise<UpdateCounts> {
    const specs = new Map([...this.#monitors].map(([id, monitor]) => [id, monitor.spec]));
    const steps = await diff(specs, desired);
    const mayInherit = desired.inheritMs !== undefined;
    this.#departed.expire(this.#clock.nowMs() - (desired.inheritMs ?? 0));
    // Before any of them ends: after a restart of the engine, ids may have been exchanged.
    const ended = mayInherit ? [...steps.remove, ...steps.replace.map(({ id }) => id)] : [];
    await forEachSliced(ended, (id) => this.#remember(id));
    await forEachSliced(steps.remove, (id) => this.#remove(id));
    const fresh = [...steps.replace, ...steps.add];
    this.#phases.plan([...steps.adjust, ...fresh]);
    await forEachSliced(steps.adjust, (spec) => this.#adjust(spec));
    const startMs = this.#clock.nowMs();
    await forEachSliced(fresh, (spec, index) =>
      this.#start(spec, startMs + firstStartMs(index, fresh.length), mayInherit),
    );
    return this.#logUpdate(steps, specs.size);
  }

  #remember(id: HealthcheckId): void {
    const monitor = this.#monitors.get(id);
    if (monitor !== undefined) this.#departed.put(monitor.spec.check, monitor.memory, this.#clock.nowMs());
  }

  #remove(id: HealthcheckId): void {
    this.#end(id);
    this.#log.info("Removing healthcheck", { id });
  }

  #adjust(spec: HealthcheckSpec): void {
    this.#monitors.get(spec.id)?.reconfigure(spec, this.#phase(spec));
    this.#log.info("Adjusting healthcheck", { id: spec.id, target: formatTarget(spec.check) });
  }

  #start(spec: HealthcheckSpec, firstMs: number, mayInherit: boolean): void {
    if (this.#stopped) return;
    const replaced = this.#end(spec.id);
    const monitor = this.#tryMake(spec);
    if (monitor === undefined) return;
    const memory = mayInherit ? this.#departed.find(spec.check) : undefined;
    if (memory !== undefined) monitor.inherit(memory);
    this.#monitors.set(spec.id, monitor);
    this.#revision++;
    monitor.start(firstMs, this.#phase(spec));
    const message = replaced ? "Replacing healthcheck" : "Adding healthcheck";
    this.#log.info(message, { id: spec.id, target: formatTarget(spec.check) });
  }

  /** Returns the place of a healthcheck's starts on the grid of each of its intervals. */
  #phase({ id, intervalMs }: HealthcheckSpec): Phase {
    return { originMs: this.#originMs, share: this.#phases.place(id, intervalMs) };
  }

  /** Creates a monitor. One that cannot be set up is logged and does not affect the others. */
  #tryMake(spec: HealthcheckSpec): Monitor | undefined {
    try {
      return this.#makeMonitor(spec);
    } catch (error) {
      this.#log.error("Cannot set up healthcheck", { id: spec.id, error: describeError(error) });
      return undefined;
    }
  }

  #end(id: HealthcheckId): boolean {
    this.#monitors.get(id)?.stop();
    this.#onEnd(id);
    this.#phases.release(id);
    this.#revision++;
    return this.#monitors.delete(id);
  }

  /** Logs the changes of an update. @param before - number of healthchecks before it */
  #logUpdate({ add, adjust, replace, remove }: Diff, before: number): UpdateCounts {
    const changes = {
      added: add.length,
      adjusted: adjust.length,
      replaced: replace.length,
      removed: remove.length,
    };
    if (add.length + adjust.length + replace.length + remove.length > 0)
      this.#log.info("Healthchecks updated", { ...changes, running: this.#monitors.size });
    return { ...changes, kept: before - adjust.length - replace.length - remove.length };
  }
}
