/** OpenTelemetry, put together: what is traced, and the way of the spans to the collector. Loaded only when `telemetry.enabled` says so. */
import type { Config } from "../config/schema.ts";
import type { LogFields, Logger } from "../logging/logger.ts";
import type { HealthcheckId } from "../model/id.ts";
import type { MonitorObserver } from "../monitor/monitor.ts";
import type { Clock } from "../system/clock.ts";
import { CheckTraces } from "./check-traces.ts";
import { ClientTraces } from "./client-traces.ts";
import { DeliveryTraces } from "./delivery-traces.ts";
import type { Exporter } from "./exporter.ts";
import { SpanScope } from "./scope.ts";
import type { ExporterSettings, TelemetrySettings } from "./settings.ts";
import { Timeline } from "./span-clock.ts";
import { SpanExportQueue } from "./span-export-queue.ts";
import { Tracer } from "./tracer.ts";

/** What it needs of the process. */
export interface TelemetryParts {
  readonly clock: Clock;
  readonly version: string;
  /** Told of every check, within its span. */
  readonly monitorLog: MonitorObserver;
  /** Counts spans that are lost. */
  readonly lost: (count: number) => void;
}

/** What can change at run time. */
type Tunable = Pick<Config["telemetry"], "trace" | "sampling_rate">;

/** See the head of the file. */
export class Telemetry {
  readonly checks: CheckTraces;
  readonly deliveries: DeliveryTraces;
  readonly clients: ClientTraces;
  readonly #scope = new SpanScope();
  readonly #tracer: Tracer;
  readonly #outbox: SpanExportQueue;
  readonly #log: Logger;
  readonly #propagate: boolean;

  constructor(
    settings: TelemetrySettings,
    exporter: Exporter,
    { trace, sampling_rate, propagate }: Config["telemetry"],
    parts: TelemetryParts,
    log: Logger,
  ) {
    const { clock, version, monitorLog, lost } = parts;
    const timeline = new Timeline(clock);
    const { timeoutMs } = settings.exporter;
    this.#log = log;
    this.#propagate = propagate;
    // Whoever puts the last span in, or sets a timer for it: what is said of the buffer belongs to no trace.
    const ownLog = {
      info: (message: string, fields?: LogFields) => this.outside(() => log.info(message, fields)),
      warn: (message: string, fields?: LogFields) => this.outside(() => log.warn(message, fields)),
    };
    this.#outbox = new SpanExportQueue(
      exporter,
      { endpoint: settings.shownEndpoint, timeoutMs, lost },
      ownLog,
    );
    this.#tracer = new Tracer(sampling_rate, settings.resource, version, this.#outbox);
    this.checks = new CheckTraces(this.#tracer, this.#scope, timeline, monitorLog, trace === "all");
    this.deliveries = new DeliveryTraces(this.#tracer, this.#scope, timeline, this.checks);
    this.clients = new ClientTraces(this.#tracer, this.#scope, timeline);
  }

  /** Gives each check of a healthcheck its traceparent header; undefined when none is wanted. */
  traceparentOf(id: HealthcheckId): (() => string) | undefined {
    return this.#propagate ? () => this.checks.begin(id) : undefined;
  }

  /** Does something that belongs to no trace, from wherever it is called: a timer keeps the span in which it was set. */
  outside(act: () => void): void {
    this.#scope.run(undefined, act);
  }

  /** What log lines carry that are written now. */
  logFields(): LogFields {
    return this.#scope.logFields();
  }

  /** Takes over what can change at run time. */
  configure({ trace, sampling_rate }: Tunable): void {
    this.#tracer.configure(sampling_rate);
    this.checks.all = trace === "all";
  }

  /** Delivers what waits, and closes. @param withinMs - so long at the most */
  async close(withinMs: number): Promise<void> {
    const left = await this.#outbox.close(withinMs);
    if (left > 0) this.#log.info("Traces were left undelivered", { spans: left });
  }
}

/**
 * Makes the exporter; of the two only the one that is used is loaded.
 *
 * @throws Error when a file of TLS cannot be read
 */
export async function makeExporter(settings: ExporterSettings): Promise<Exporter> {
  if (settings.protocol === "http") {
    const { HttpExporter } = await import("./http-exporter.ts");
    return new HttpExporter(settings);
  }
  const { GrpcExporter } = await import("./grpc-exporter.ts");
  return new GrpcExporter(settings);
}
