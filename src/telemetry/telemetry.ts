/** OpenTelemetry: what is traced, and the way of the spans to the collector. Loaded only if `telemetry.enabled` is true. */
import type { Config } from "../config/schema.ts";
import type { LogFields, Logger } from "../logging/logger.ts";
import type { UpdateCounts } from "../manager/manager.ts";
import type { HealthcheckId } from "../model/id.ts";
import type { Notification } from "../model/status.ts";
import type { MonitorLog } from "../monitor/monitor-log.ts";
import type { Clock } from "../system/clock.ts";
import { CheckTraces, type OnTraced } from "./check-traces.ts";
import { ClientTraces } from "./client-traces.ts";
import { DeliveryTraces } from "./delivery-traces.ts";
import { EngineTraces } from "./engine-traces.ts";
import type { Exporter } from "./exporter.ts";
import type { TelemetryPort } from "./port.ts";
import { SpanScope } from "./scope.ts";
import type { ExporterSettings, TelemetrySettings } from "./settings.ts";
import { Timeline } from "./span-clock.ts";
import { SpanExportQueue } from "./span-export-queue.ts";
import { Tracer } from "./tracer.ts";

/** Collaborators of telemetry in the process. */
export interface TelemetryParts {
  readonly clock: Clock;
  readonly version: string;
  /** Logs every check, inside its span. */
  readonly monitorLog: MonitorLog;
  /** Receives the trace of each failed check that is exported. */
  readonly traced: OnTraced;
  /** Counts spans that are lost. */
  readonly lost: (count: number) => void;
}

/** Traces checks, clients and batches, and exports the spans. */
export class Telemetry implements TelemetryPort {
  readonly checks: CheckTraces;
  readonly #deliveries: DeliveryTraces;
  readonly clients: ClientTraces;
  readonly engine: EngineTraces;
  readonly #scope = new SpanScope();
  readonly #tracer: Tracer;
  readonly #queue: SpanExportQueue;
  readonly #log: Logger;
  readonly #propagate: boolean;

  constructor(
    settings: TelemetrySettings,
    exporter: Exporter,
    { trace, sampling_rate, propagate }: Config["telemetry"],
    parts: TelemetryParts,
    log: Logger,
  ) {
    const { clock, version, monitorLog, traced, lost } = parts;
    const timeline = new Timeline(clock);
    const { timeoutMs } = settings.exporter;
    this.#log = log;
    this.#propagate = propagate;
    // Log lines about the queue belong to no trace, whichever span filled it or set its timer.
    const ownLog = {
      info: (message: string, fields?: LogFields) => this.outside(() => log.info(message, fields)),
      warn: (message: string, fields?: LogFields) => this.outside(() => log.warn(message, fields)),
    };
    this.#queue = new SpanExportQueue(
      exporter,
      { endpoint: settings.shownEndpoint, timeoutMs, lost },
      ownLog,
    );
    this.#tracer = new Tracer(sampling_rate, settings.resource, version, this.#queue);
    this.checks = new CheckTraces(this.#tracer, this.#scope, timeline, monitorLog, traced, trace === "all");
    this.#deliveries = new DeliveryTraces(this.#tracer, this.#scope, timeline, this.checks);
    this.clients = new ClientTraces(this.#tracer, this.#scope, timeline);
    this.engine = new EngineTraces(this.#tracer, this.#scope, timeline, this.checks);
  }

  traceparentOf(id: HealthcheckId): (() => string) | undefined {
    return this.#propagate ? () => this.checks.begin(id) : undefined;
  }

  forget(id: HealthcheckId): void {
    this.checks.forget(id);
  }

  async update(configs: number, rejected: number, apply: () => Promise<UpdateCounts>): Promise<void> {
    await this.clients.update(configs, rejected, apply);
  }

  sent(delivered: readonly Notification[], trigger: string, waitedMs: number, log: () => void): void {
    this.#deliveries.sent(delivered, trigger, waitedMs, log);
  }

  // A timer keeps the span in which it was set.
  outside(act: () => void): void {
    this.#scope.run(undefined, act);
  }

  /** Fields with the ids of the current span, for a log line that is written now. */
  logFields(): LogFields {
    return this.#scope.logFields();
  }

  reconfigure({ telemetry: { trace, sampling_rate } }: Config): void {
    this.#tracer.configure(sampling_rate);
    this.checks.all = trace === "all";
  }

  async close(signal: AbortSignal): Promise<void> {
    const left = await this.#queue.close(signal);
    if (left > 0) this.#log.info("Dropped undelivered traces at shutdown", { spans: left });
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
