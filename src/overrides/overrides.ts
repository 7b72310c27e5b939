/**
 * The operators' decisions in effect. Each belongs to one healthcheck, by its id and its check: it survives new lists, a restart with a
 * state file, and new numbers of the Seesaw engine. It ends at its time, when it is released, or when its id gets another check.
 */
import { formatTarget } from "../checks/registry.ts";
import type { Logger } from "../logging/logger.ts";
import { checkKey } from "../model/check-key.ts";
import type { HealthcheckId } from "../model/id.ts";
import type { HealthcheckSpec } from "../model/spec.ts";
import type { Monitor } from "../monitor/monitor.ts";
import { isForced, type Override } from "../monitor/override.ts";
import type { OverrideRecord } from "../persistence/format.ts";
import { elapsedMs, type Moment } from "../system/boot-clock.ts";
import { forEachSliced } from "../system/time-slicing.ts";

/** Interval at which ends are looked for while there are overrides. */
const SWEEP_MS = 200;
/** Ids in a log line. */
const MAX_LOGGED_IDS = 10;

/** The parts of the daemon that overrides affect. */
export interface OverrideDeps {
  readonly monitors: ReadonlyMap<HealthcheckId, Monitor>;
  readonly log: Logger;
  now(): Moment;
  /** Receives a healthcheck whose reported status has changed. */
  report(monitor: Monitor): void;
  /** Receives that the overrides have changed, after what has to be reported. */
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

  /** Restores the overrides of the earlier process, with the time that each has left. @param sameBoot - true if its boot is known to be this one */
  restore(records: readonly OverrideRecord[], sameBoot: boolean): void {
    const now = this.#deps.now();
    const over: OverrideRecord[] = [];
    for (const record of records) {
      const { id, key, override } = record;
      const durationMs = override.durationMs - Math.max(0, elapsedMs(override.from, now, sameBoot));
      if (durationMs > 0) this.#put({ id, key, override: { ...override, from: now, durationMs } });
      else over.push(record);
    }
    if (records.length === 0) return;
    if (this.#byId.size > 0) this.#deps.log.info("Overrides restored", { overrides: this.#byId.size });
    if (over.length > 0) this.#logEnd(over, "its time was over before this start");
    this.#deps.changed();
  }

  /** Applies what is in effect for a new monitor; before its start. */
  attach(monitor: Monitor): void {
    if (this.#byId.size === 0) return;
    const { id, check } = monitor.spec;
    const key = checkKey(check);
    const own = this.#byId.get(id);
    if (own !== undefined && own.key !== key) void this.#end([own], "the healthcheck has another check");
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
    let moved = 0;
    for (const monitor of fresh) {
      const key = checkKey(monitor.spec.check);
      const record = gone.get(key);
      if (record === undefined || monitor.override !== undefined) continue;
      gone.delete(key);
      this.#delete(record.id);
      this.#put({ ...record, id: monitor.spec.id });
      this.#apply(monitor, record.override);
      moved++;
    }
    if (moved > 0) this.#deps.changed();
  }

  /** Puts an override into effect, in place of earlier ones. @param text - the selection, as the operator wrote it @returns the number of healthchecks that still run */
  async set(monitors: readonly Monitor[], override: Override, text: string): Promise<number> {
    const specs: HealthcheckSpec[] = [];
    await forEachSliced(monitors, (monitor) => {
      const { spec } = monitor;
      // A new list may have come meanwhile.
      if (this.#deps.monitors.get(spec.id) !== monitor) return;
      specs.push(spec);
      this.#put({ id: spec.id, key: checkKey(spec.check), override });
      this.#apply(monitor, override);
    });
    if (specs.length === 0) return 0;
    this.#deps.changed();
    const { action, by, reason, sinceMs, durationMs } = override;
    const until = new Date(sinceMs + durationMs).toISOString();
    const { user, uid, pid } = by;
    const what = { action, healthchecks: specs.length, for: text, ...idsOf(specs) };
    this.#deps.log.warn("Override set", { ...what, user, uid, pid, until, reason });
    return specs.length;
  }

  /** Ends the overrides of healthchecks, also of those that do not run now. @returns their number */
  async release(ids: ReadonlySet<HealthcheckId>, user: string): Promise<number> {
    const records = this.list().filter(({ id }) => ids.has(id));
    await this.#end(records, `released by ${user}`);
    return records.length;
  }

  /** Stops looking for ends. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
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
    const wasForced = isForced(monitor.override);
    monitor.applyOverride(override);
    // Pausing and resuming leave the state as it was. An unknown state is reported when it is measured.
    if (isForced(override) || (wasForced && monitor.status.state !== "unknown")) this.#deps.report(monitor);
  }

  #sweep(): void {
    const now = this.#deps.now();
    const over = this.list().filter(
      ({ override }) => elapsedMs(override.from, now, true) >= override.durationMs,
    );
    void this.#end(over, "its time is over");
  }

  async #end(records: readonly OverrideRecord[], why: string): Promise<void> {
    if (records.length === 0) return;
    for (const { id } of records) this.#delete(id);
    await forEachSliced(records, ({ id }) => {
      const monitor = this.#deps.monitors.get(id);
      // Another one may have been set meanwhile.
      if (monitor !== undefined && !this.#byId.has(id)) this.#apply(monitor, undefined);
    });
    this.#deps.changed();
    this.#logEnd(records, why);
  }

  #logEnd(records: readonly OverrideRecord[], why: string): void {
    this.#deps.log.info("Override ended", { healthchecks: records.length, ...idsOf(records), reason: why });
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
