/**
 * Keeps the running monitors as the newest desired set has them. Sets are taken in one after the other, each in short
 * slices; a monitor that does not change is not touched.
 */

import { formatTarget } from "../checks/registry.ts";
import type { Logger } from "../logging/logger.ts";
import { describeError } from "../model/format-value.ts";
import type { HealthcheckId } from "../model/id.ts";
import type { HealthcheckSpec } from "../model/spec.ts";
import type { Notification, StateCounts } from "../model/status.ts";
import type { Monitor } from "../monitor/monitor.ts";
import { firstStartMs } from "../monitor/schedule.ts";
import type { Clock } from "../system/clock.ts";
import { forEachSliced } from "../system/time-slicing.ts";
import { type DesiredSet, type Diff, diff } from "./diff.ts";
import { PhaseTable } from "./phase-table.ts";

/** Makes a monitor; not started yet. */
export type MonitorFactory = (spec: HealthcheckSpec) => Monitor;

/** What a new set has changed. */
export interface UpdateCounts {
  readonly added: number;
  readonly adjusted: number;
  readonly replaced: number;
  readonly removed: number;
  readonly kept: number;
}

/** How the running monitors stand. */
export interface MonitorCounts {
  readonly states: StateCounts;
  /** Checks under way. */
  readonly inFlight: number;
}

/** See the head of the file. */
export class Manager {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #makeMonitor: MonitorFactory;
  readonly #onEnd: (id: HealthcheckId) => void;
  readonly #monitors = new Map<HealthcheckId, Monitor>();
  readonly #phases = new PhaseTable();
  /** 1970 on the clock that never jumps: by it a phase is the same moment of the day in every process. */
  readonly #originMs: number;
  #applying: Promise<unknown> = Promise.resolve();
  #revision = 0;
  #stopped = false;

  /** @param onEnd - hears of every monitor that ends before the process does: what it had to say is void */
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

  /** Changes whenever a monitor comes or goes. */
  get revision(): number {
    return this.#revision;
  }

  /** Counts the monitors; ten thousand take a fraction of a millisecond. */
  census(): MonitorCounts {
    const states = { unknown: 0, healthy: 0, unhealthy: 0 };
    let inFlight = 0;
    for (const monitor of this.#monitors.values()) {
      states[monitor.health.state]++;
      if (monitor.running) inFlight++;
    }
    return { states, inFlight };
  }

  /**
   * Makes a set the running one, after those that were handed in before.
   *
   * @returns settles when it is
   */
  apply(desired: DesiredSet): Promise<UpdateCounts> {
    const applied = this.#applying.then(() => this.#apply(desired));
    // One that failed must not keep the next from being tried.
    this.#applying = applied.catch(() => {});
    return applied;
  }

  /** Everything that has been measured; nothing for a monitor before its first result. */
  *known(): Iterable<Notification> {
    for (const [id, { status }] of this.#monitors) {
      if (status.state !== "unknown") yield { id, status };
    }
  }

  /** Every monitor's status, `unknown` ones too. */
  *statuses(): Iterable<Notification> {
    for (const [id, { status }] of this.#monitors) yield { id, status };
  }

  /** Stops every monitor, for good. */
  stop(): void {
    this.#stopped = true;
    for (const monitor of this.#monitors.values()) monitor.stop();
  }

  async #apply(desired: DesiredSet): Promise<UpdateCounts> {
    const specs = new Map([...this.#monitors].map(([id, monitor]) => [id, monitor.spec]));
    const steps = diff(specs, desired);
    await forEachSliced(steps.remove, (id) => this.#remove(id));
    const fresh = [...steps.replace, ...steps.add];
    this.#phases.plan([...steps.adjust, ...fresh]);
    await forEachSliced(steps.adjust, (spec) => this.#adjust(spec));
    const startMs = this.#clock.nowMs();
    await forEachSliced(fresh, (spec, index) =>
      this.#start(spec, startMs + firstStartMs(index, fresh.length)),
    );
    return this.#summarise(steps, specs.size);
  }

  #remove(id: HealthcheckId): void {
    this.#end(id);
    this.#log.info("Removing healthcheck", { id });
  }

  #adjust(spec: HealthcheckSpec): void {
    this.#monitors.get(spec.id)?.reconfigure(spec, this.#gridMs(spec));
    this.#log.info("Adjusting healthcheck", { id: spec.id, target: formatTarget(spec.check) });
  }

  #start(spec: HealthcheckSpec, firstMs: number): void {
    if (this.#stopped) return;
    const replaced = this.#end(spec.id);
    const monitor = this.#tryMake(spec);
    if (monitor === undefined) return;
    this.#monitors.set(spec.id, monitor);
    this.#revision++;
    monitor.start(firstMs, this.#gridMs(spec));
    const words = replaced ? "Replacing healthcheck" : "Adding healthcheck";
    this.#log.info(words, { id: spec.id, target: formatTarget(spec.check) });
  }

  /** A time on the grid of a healthcheck's starts. */
  #gridMs({ id, intervalMs }: HealthcheckSpec): number {
    // The remainder is small: a sum with 1970 in it would cost digits of the fraction.
    return (this.#originMs % intervalMs) + this.#phases.place(id, intervalMs) * intervalMs;
  }

  /** One healthcheck that cannot be set up must not keep the others from being. */
  #tryMake(spec: HealthcheckSpec): Monitor | undefined {
    try {
      return this.#makeMonitor(spec);
    } catch (error) {
      const words = describeError(error);
      this.#log.error("Cannot set up healthcheck", { id: spec.id, error: words });
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

  /** @param before - how many there were */
  #summarise({ add, adjust, replace, remove }: Diff, before: number): UpdateCounts {
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
