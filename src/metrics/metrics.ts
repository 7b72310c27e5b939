/**
 * All metrics of /metrics: the counters of checks, the server, the process, and a series for each healthcheck. Fed by
 * the observers of the parts, and created only when metrics are enabled.
 */
import type { PerHealthcheck } from "../config/schema.ts";
import type { CheckResult, FailureCode } from "../model/result.ts";
import type { Monitor } from "../monitor/monitor.ts";
import { MonitorRecord } from "../monitor/record.ts";
import { Slice } from "../system/time-slicing.ts";
import { ByteBuffer } from "./byte-buffer.ts";
import { CheckCounters, type SkipReason } from "./check-counters.ts";
import { writeCheckFamilies } from "./check-families.ts";
import type { Format } from "./exposition.ts";
import { ProcessFamilies } from "./process-families.ts";
import { ServerFamilies, type ServerMetricsSettings, type ServerReading } from "./server-families.ts";

/** Settings of metrics; the bounds are in seconds. */
export interface MetricsSettings extends ServerMetricsSettings {
  readonly responseTimeBounds: readonly number[];
  /** The soft limit on descriptors. */
  readonly maxFds: number;
}

/** All metrics of `/metrics`: checks, server, process, and the series of each healthcheck. Created only when metrics are enabled. */
export class Metrics {
  readonly server: ServerFamilies;
  readonly #settings: MetricsSettings;
  readonly #process: ProcessFamilies;
  readonly #checks: CheckCounters;
  /** Series of each healthcheck. */
  perHealthcheck: PerHealthcheck;

  constructor(settings: MetricsSettings, perHealthcheck: PerHealthcheck) {
    this.#settings = settings;
    this.perHealthcheck = perHealthcheck;
    this.server = new ServerFamilies(settings);
    this.#process = new ProcessFamilies(settings.maxFds);
    this.#checks = new CheckCounters(settings.responseTimeBounds);
  }

  /** Creates the counters of a new monitor. */
  newRecord(): MonitorRecord {
    return new MonitorRecord(this.#settings.responseTimeBounds);
  }

  /** A check ended. @param nowMs - on the scheduler's clock */
  finished(monitor: Monitor, result: CheckResult, latenessMs: number, nowMs: number): void {
    this.#checks.finished(monitor.spec.check.type, result, latenessMs, nowMs - monitor.startedAtMs);
  }

  /** A failed check that was counted has a trace. @param atMs - wall clock */
  traced(type: string, code: FailureCode, traceId: string, atMs: number): void {
    this.#checks.traced(type, code, { traceId, atMs });
  }

  /** Records the lateness of a tick of the scheduler. */
  ticked(lateMs: number): void {
    this.#checks.ticked(lateMs);
  }

  /** Starts did not happen. */
  skipped(count: number, why: SkipReason): void {
    this.#checks.skipped(count, why);
  }

  /**
   * Renders everything, giving way to the event loop every few milliseconds.
   *
   * @param monitors - must not change meanwhile
   */
  async *render(
    monitors: readonly Monitor[],
    reading: ServerReading,
    format: Format,
  ): AsyncGenerator<Uint8Array> {
    const sheet = new ByteBuffer();
    await this.server.write(sheet, reading, format);
    this.#checks.write(sheet, format);
    await this.#process.write(sheet, format);
    const { perHealthcheck } = this;
    if (perHealthcheck !== "off") {
      const bounds = perHealthcheck === "full" ? this.#settings.responseTimeBounds : undefined;
      const slice = new Slice();
      for (const _ of writeCheckFamilies(sheet, monitors, bounds, format)) {
        if (sheet.full) yield sheet.take();
        if (slice.over) await slice.next();
      }
    }
    if (format === "openmetrics") sheet.text("# EOF\n");
    yield sheet.take();
  }
}
