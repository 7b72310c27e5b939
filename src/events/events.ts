/** Sends each state change to the configured sinks. An observer of all monitors; no sink delays a check or a report. */
import type { Logger } from "../logging/logger.ts";
import type { Monitor, MonitorObserver } from "../monitor/monitor.ts";
import { isForced } from "../monitor/override.ts";
import type { Settlement, StateTransition } from "../monitor/settlement.ts";
import type { Clock } from "../system/clock.ts";
import { formatEvent } from "./event.ts";
import { ExecSink } from "./exec-sink.ts";
import { SINK_NAMES, type Sink, type SinkCounts, type SinkName, SinkQueue } from "./sink.ts";
import { WebhookSink, type WebhookTarget } from "./webhook-sink.ts";

/** Settings of the sinks. */
export interface EventSettings {
  /** Program and arguments; undefined without a process. */
  readonly exec: readonly string[] | undefined;
  /** Undefined without a webhook. */
  readonly webhook: WebhookTarget | undefined;
  /** Number of events that wait for each sink. */
  readonly queueSize: number;
}

/** Counts and queue length of a sink. */
export interface SinkReading extends Readonly<SinkCounts> {
  readonly depth: number;
}

/** Time that a sink has to end when the configuration replaces it. */
const REPLACE_MS = 2_000;

/** A sink that runs, with the settings that it was started with. */
interface Running {
  readonly key: string;
  readonly sink: Sink;
}

/** Sends state changes to the sinks. */
export class Events implements MonitorObserver {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #caFile: string | undefined;
  readonly #running = new Map<SinkName, Running>();
  readonly #counts: Readonly<Record<SinkName, SinkCounts>> = {
    exec: { sent: 0, dropped: 0, failed: 0 },
    webhook: { sent: 0, dropped: 0, failed: 0 },
  };
  #seq = 0;

  /** @param caFile - file with trusted CA certificates, in place of the host's */
  constructor(clock: Clock, caFile: string | undefined, log: Logger) {
    this.#clock = clock;
    this.#caFile = caFile;
    this.#log = log;
  }

  /** Starts the sinks of the settings, and stops those that are not among them; the others continue. */
  configure(settings: EventSettings): void {
    const { exec, webhook, queueSize } = settings;
    const wanted = { exec, webhook };
    for (const name of SINK_NAMES) {
      const key = JSON.stringify([wanted[name], queueSize]);
      const now = this.#running.get(name);
      if (now?.key === key) continue;
      this.#running.delete(name);
      void now?.sink.stop(AbortSignal.timeout(REPLACE_MS));
      const queue = new SinkQueue(name, queueSize, this.#counts[name], this.#log);
      const sink =
        name === "exec"
          ? exec && new ExecSink(exec, queue, this.#log)
          : webhook && new WebhookSink(webhook, this.#caFile, queue, this.#clock, this.#log);
      if (sink !== undefined) this.#running.set(name, { key, sink });
    }
  }

  settled(monitor: Monitor, { transition }: Settlement): void {
    if (transition !== undefined) this.changed(monitor, transition);
  }

  released(monitor: Monitor, transition: StateTransition): void {
    this.changed(monitor, transition);
  }

  skipped(): void {}

  /** Sends a state change to every sink. */
  changed(monitor: Monitor, transition: StateTransition): void {
    if (this.#running.size === 0) return;
    const { isDamped, override } = monitor;
    const forced = isForced(override) ? override.action : undefined;
    const context = { seq: ++this.#seq, atMs: this.#clock.wallMs(), isDamped, forced };
    const event = formatEvent(monitor.spec, transition, context);
    for (const { sink } of this.#running.values()) sink.offer(event);
  }

  /** Reads the counts of the sinks that have ever run, for metrics. */
  *readings(): Iterable<readonly [SinkName, SinkReading]> {
    for (const name of SINK_NAMES) {
      const depth = this.#running.get(name)?.sink.depth;
      const counts = this.#counts[name];
      if (depth === undefined && counts.sent + counts.dropped + counts.failed === 0) continue;
      yield [name, { ...counts, depth: depth ?? 0 }];
    }
  }

  /** Sends what waits, for as long as the signal allows, and stops every sink. */
  async stop(signal: AbortSignal): Promise<void> {
    const running = [...this.#running];
    this.#running.clear();
    await Promise.all(running.map(([, { sink }]) => sink.stop(signal)));
    for (const [name, { sink }] of running)
      if (sink.depth > 0) this.#log.warn("Undelivered events are dropped", { sink: name, count: sink.depth });
  }
}
