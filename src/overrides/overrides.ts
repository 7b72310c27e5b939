/**
 * The operators' decisions in effect. Each belongs to one healthcheck, by its id and its check: it survives new lists, a restart with a
 * state file, and new numbers of the Seesaw engine. It ends at its time, when it is released, or when its id gets another check.
 */
import { formatTarget } from "../checks/registry.ts";
import type { Logger } from "../logging/logger.ts";
import { checkKey } from "../model/check-key.ts";
import type { HealthcheckId } from "../model/id.ts";
import type { Monitor } from "../monitor/monitor.ts";
import type { Override } from "../monitor/override.ts";
import type { OverrideRecord } from "../persistence/format.ts";
import { currentMoment, elapsedMs, type Moment } from "../system/boot-clock.ts";
import type { Clock } from "../system/clock.ts";

/** Interval at which ends are looked for while there are overrides. */
const SWEEP_MS = 200;
/** Ids in a log line. */
const MAX_LOGGED_IDS = 10;

/** The parts of the daemon that overrides affect. */
export interface OverrideDeps {
  readonly clock: Clock;
  readonly monitors: ReadonlyMap<HealthcheckId, Monitor>;
  readonly log: Logger;
  /** Receives a healthcheck whose reported status has changed. */
  report(monitor: Monitor): void;
  /** Receives that the overrides have changed. */
  changed(): void;
}

/** Overrides by healthcheck. */
export class Overrides {
  readonly #deps: OverrideDeps;
  readonly #byId = new Map<HealthcheckId, OverrideRecord>();
  /** New healthchecks without an override, until their list is applied. */
  readonly #fresh: Monitor[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(deps: OverrideDeps) {
    this.#deps = deps;
  }

  /** Returns the overrides in effect. */
  list(): OverrideRecord[] {
    return [...this.#byId.values()];
  }

  /** Takes in the overrides of the earlier process, with the time that each has left. @param sameBoot - true if its boot is known to be this one */
  restore(records: readonly OverrideRecord[], sameBoot: boolean): void {
    const now = this.#now();
    for (const { id, key, override } of records) {
      const durationMs = override.durationMs - Math.max(0, elapsedMs(override.from, now, sameBoot));
      if (durationMs > 0) this.#put({ id, key, override: { ...override, from: now, durationMs } });
    }
    if (this.#byId.size === 0) return;
    this.#deps.log.info("Overrides restored", { overrides: this.#byId.size });
    this.#deps.changed();
  }

  /** Applies what is in effect for a new monitor; before its start. */
  attach(monitor: Monitor): void {
    if (this.#byId.size === 0) return;
    const { id, check } = monitor.spec;
    const key = checkKey(check);
    const own = this.#byId.get(id);
    if (own !== undefined && own.key !== key) this.#end([own], "the healthcheck has another check");
    if (own?.key === key) this.#apply(monitor, own.override);
    else this.#fresh.push(monitor);
  }

  /**
   * Moves overrides whose healthcheck is gone to new ones with an equal check; after each list.
   *
   * @param isRenumbered - true if new ids may stand for the former healthchecks, as after a restart of the Seesaw engine
   */
  adopt(isRenumbered: boolean): void {
    const fresh = this.#fresh.splice(0);
    if (!isRenumbered || fresh.length === 0) return;
    const gone = new Map(
      this.list().flatMap((record) => (this.#deps.monitors.has(record.id) ? [] : [[record.key, record]])),
    );
    for (const monitor of fresh) {
      const key = checkKey(monitor.spec.check);
      const record = gone.get(key);
      if (record === undefined || monitor.override !== undefined) continue;
      gone.delete(key);
      this.#delete(record.id);
      this.#put({ ...record, id: monitor.spec.id });
      this.#apply(monitor, record.override);
      this.#deps.changed();
    }
  }

  /** Puts an override into effect, in place of earlier ones. */
  set(monitors: readonly Monitor[], override: Override, text: string): void {
    for (const monitor of monitors) {
      const { id, check } = monitor.spec;
      this.#put({ id, key: checkKey(check), override });
      this.#apply(monitor, override);
    }
    const { action, by, reason, durationMs } = override;
    const until = new Date(this.#deps.clock.wallMs() + durationMs).toISOString();
    const fields = {
      action,
      healthchecks: monitors.length,
      for: text,
      ...idsOf(monitors.map(({ spec }) => spec)),
    };
    this.#deps.log.warn("Override set", {
      ...fields,
      user: by.user,
      uid: by.uid,
      pid: by.pid,
      until,
      reason,
    });
    this.#deps.changed();
  }

  /** Ends the overrides of healthchecks, also of those that do not run now. @returns their number */
  release(ids: ReadonlySet<HealthcheckId>, user: string): number {
    const records = this.list().filter(({ id }) => ids.has(id));
    this.#end(records, `released by ${user}`);
    return records.length;
  }

  /** Stops looking for ends. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #now(): Moment {
    return currentMoment(this.#deps.clock.wallMs());
  }

  #put(record: OverrideRecord): void {
    this.#byId.set(record.id, record);
    this.#timer ??= setInterval(() => this.#sweep(), SWEEP_MS);
  }

  #delete(id: HealthcheckId): void {
    this.#byId.delete(id);
    if (this.#byId.size === 0) this.stop();
  }

  #apply(monitor: Monitor, override: Override | undefined): void {
    const before = monitor.status.state;
    monitor.applyOverride(override);
    // Pausing and resuming leave the state as it was. An unknown state is reported when it is measured.
    const isForced = override !== undefined && override.action !== "paused";
    if (isForced || (monitor.status.state !== before && monitor.status.state !== "unknown"))
      this.#deps.report(monitor);
  }

  #sweep(): void {
    const now = this.#now();
    const over = this.list().filter(
      ({ override }) => elapsedMs(override.from, now, true) >= override.durationMs,
    );
    this.#end(over, "its time is over");
  }

  #end(records: readonly OverrideRecord[], why: string): void {
    if (records.length === 0) return;
    for (const record of records) {
      this.#delete(record.id);
      const monitor = this.#deps.monitors.get(record.id);
      if (monitor !== undefined) this.#apply(monitor, undefined);
    }
    this.#deps.log.info("Override ended", { healthchecks: records.length, ...idsOf(records), reason: why });
    this.#deps.changed();
  }
}

/** Returns the target of a running healthcheck. */
export function targetOf(monitor: Monitor | undefined): string | undefined {
  return monitor === undefined ? undefined : formatTarget(monitor.spec.check);
}

function idsOf(records: readonly { readonly id: HealthcheckId }[]) {
  const ids = records.slice(0, MAX_LOGGED_IDS).map(({ id }) => id);
  return { ids: ids.join(",") + (records.length > MAX_LOGGED_IDS ? ",…" : "") };
}
