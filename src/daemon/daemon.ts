/**
 * The daemon: the one file that wires the parts together, in the order in which they start and stop.
 *
 * Control plane → manager → monitors (driven by the scheduler) → notifier → control plane.
 */

import { makeChecker } from "../checks/registry.ts";
import type { Config } from "../config/schema.ts";
import { ChecksFileControl } from "../control/checks-file-source.ts";
import { NO_TRACING } from "../control/client-tracing.ts";
import type { ControlPlaneHandler, CountFault } from "../control/control-plane.ts";
import { ProxySocketControl } from "../control/proxy-socket.ts";
import type { LogFields, Logger } from "../logging/logger.ts";
import { Manager } from "../manager/manager.ts";
import { describeError } from "../model/format-value.ts";
import { roundMs } from "../model/phases.ts";
import { Monitor, type MonitorObserver } from "../monitor/monitor.ts";
import { MonitorLog } from "../monitor/monitor-log.ts";
import { Notifier } from "../notifier/notifier.ts";
import type { SystemdNotifySettings } from "../systemd/notify-socket.ts";
import { ServiceNotifier } from "../systemd/service-notifier.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { AdminServer } from "./admin.ts";
import { type CheckRuntime, type CheckRuntimeEvents, createCheckRuntime } from "./check-runtime.ts";
import type { FaultInjector } from "./fault-injection.ts";
import { OverloadLog } from "./overload-log.ts";
import { connectionLimits, notifierSettings, proxySettings } from "./settings.ts";

/** A stop waits for so long that what is pending gets out; with the closing and the log it stays below 2 s. */
const FLUSH_MS = 1_400;
const FLUSH_LOOK_MS = 5;
/** Of that, so that backends are not cut off in the middle of an answer. */
const DRAIN_MS = 300;
/** What is left of it is the traces'; so long at least. */
const MIN_TRACE_FLUSH_MS = 500;

/** What the command line decides. */
export interface DaemonOptions {
  /** Standalone: healthchecks from this file instead of from the proxy. */
  readonly checksFile: string | undefined;
  /** Trusted authorities in place of the host's. */
  readonly caFile: string | undefined;
  /** The first error of an invalid configuration file, in whose place the defaults are in effect; undefined when it is valid. */
  readonly configFault: string | undefined;
  /** The service manager that wants to hear how things stand; undefined when there is none. */
  readonly notify: SystemdNotifySettings | undefined;
  /** A part that is to fail, for tests. */
  readonly testFault: FaultInjector | undefined;
  /** The process's environment, for the variables of OpenTelemetry and of the resolver. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Puts further fields into every log line. */
  readonly addLogFields: (fields: () => LogFields) => void;
}

/** See the head of the file. */
export class Daemon {
  readonly #log: Logger;
  readonly #control: ProxySocketControl | ChecksFileControl;
  readonly #manager: Manager;
  readonly #notifier: Notifier;
  readonly #checking: CheckRuntime;
  #config: Config;
  readonly #supervision: ServiceNotifier | undefined;
  readonly #troubles: OverloadLog;
  #serving: AdminServer | undefined;
  #telemetry: Telemetry | undefined;
  readonly #options: DaemonOptions;
  readonly #monitorLog: MonitorLog;
  #housekeeping: ReturnType<typeof setInterval> | undefined;
  #stopping: Promise<void> | undefined;
  readonly #ended = Promise.withResolvers<void>();

  constructor(config: Config, options: DaemonOptions, log: Logger) {
    this.#config = config;
    this.#log = log;
    this.#options = options;
    this.#troubles = new OverloadLog(log, (say) => {
      if (this.#telemetry === undefined) say();
      else this.#telemetry.outside(say);
    });
    this.#checking = createCheckRuntime(options.caFile, this.#checkingEvents(), options.env);
    const { clock, scheduler, checkerEnv } = this.#checking;
    const { checksFile, testFault } = options;
    const count: CountFault = (fault, times) => this.#serving?.metrics.server.failed(fault, times);
    const tracing = () => this.#telemetry?.clients ?? NO_TRACING;
    this.#control =
      checksFile === undefined
        ? new ProxySocketControl(proxySettings(config), connectionLimits(config), log, count, tracing)
        : new ChecksFileControl(checksFile, config.checks, log, count);

    this.#monitorLog = new MonitorLog(log, clock);
    const env = { clock, scheduler, observer: this.#observer(this.#monitorLog) };
    this.#manager = new Manager(
      clock,
      log,
      (spec) => {
        const traceparent = this.#telemetry?.traceparentOf(spec.id);
        const own = traceparent === undefined ? checkerEnv : { ...checkerEnv, traceparent };
        const made = makeChecker(spec.check, own);
        const checker = testFault?.checker(spec.id, made) ?? made;
        return new Monitor(spec, checker, env, this.#serving?.newRecord(clock.wallMs()));
      },
      (id) => {
        this.#notifier.forget(id);
        this.#telemetry?.checks.forget(id);
      },
    );
    const known = () => this.#manager.known();
    const delivery = testFault?.delivery(this.#control) ?? this.#control;
    this.#notifier = new Notifier(clock, delivery, known, notifierSettings(config), {
      sent: (trigger, waitedMs, latenciesMs, delivered) => {
        const size = delivered.length;
        this.#serving?.metrics.server.sent(size, trigger, waitedMs, latenciesMs);
        const tell = () => log.debug("Batch sent", { size, trigger, waited_ms: roundMs(waitedMs) });
        if (this.#telemetry === undefined) tell();
        else this.#telemetry.deliveries.sent(delivered, trigger, waitedMs, tell);
      },
      congested: (waiting) => {
        count("channel");
        log.warn("Failed to send notification: the client does not read; newest states are kept", {
          waiting,
        });
      },
      fault: (error) => this.#fault(error),
    });
    const parts = { manager: this.#manager, control: this.#control, scheduler };
    this.#supervision = options.notify && new ServiceNotifier(options.notify, parts, log);
    const { configFault } = options;
    this.#supervision?.configured(configFault && `running on the defaults: ${configFault}`);
  }

  /** Settles when it has stopped. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** The daemon's state as fields of one log line: counts by state, the client, queue depths, stalls. */
  state(): LogFields {
    const { states, inFlight } = this.#manager.census();
    const { connected, depths } = this.#control;
    const { scheduler } = this.#checking;
    return {
      healthchecks: this.#manager.monitors.size,
      ...states,
      in_flight: inFlight,
      ...(connected === undefined ? {} : { proxy_connected: connected }),
      notification_depth: this.#notifier.waiting,
      config_update_depth: depths.inbound,
      proxy_message_depth: depths.outbound,
      overdue_ms: Math.round(scheduler.overdueMs),
      stalled_ms: Math.round(scheduler.stalledMs),
      uptime_s: Math.floor(process.uptime()),
    };
  }

  /** @throws Error when it cannot serve */
  async start(): Promise<void> {
    await this.#serve();
    await this.#trace();
    const events: ControlPlaneHandler = {
      desired: async (set) => {
        const apply = () => this.#manager.apply(set);
        const { specs, refusals = 0 } = set;
        if (this.#telemetry === undefined) await apply();
        else await this.#telemetry.clients.update(specs.length + refusals, refusals, apply);
        this.#troubles.listed(this.#manager.monitors.size, this.#checking.descriptorLimit);
        this.#serving?.metrics.server.updated();
      },
      resync: () => this.#notifier.resync(),
      writable: () => this.#notifier.writable(),
      disconnected: () => this.#notifier.disconnected(),
      statuses: () => this.#manager.statuses(),
      shutdown: () => void this.stop(),
    };
    await this.#control.start(events);
    this.#keepHouse();
    this.#log.info("All tasks spawned, server running");
    this.#supervision?.ready();
    this.#options.testFault?.started(this.#checking.scheduler);
  }

  /**
   * Takes over what can change at run time.
   *
   * @param fault - the first error of an invalid file: then the configuration is the one that runs; undefined when it is valid
   * @returns settles when it has
   */
  async reload(config: Config, fault: string | undefined): Promise<void> {
    const reloaded = this.#supervision?.reloading();
    this.#config = config;
    this.#tellConfig(fault === undefined);
    if (this.#serving !== undefined) this.#serving.metrics.perHealthcheck = config.metrics.per_healthcheck;
    this.#telemetry?.configure(config.telemetry);
    this.#notifier.configure(notifierSettings(config));
    this.#keepHouse();
    this.#checking.checkerEnv.tls.forget();
    let kept = fault;
    if (this.#control instanceof ProxySocketControl) this.#control.configure(connectionLimits(config));
    else {
      const checksFault = await this.#control.reload();
      kept ??= checksFault;
    }
    this.#supervision?.configured(kept && `not reloaded, the former one is in effect: ${kept}`);
    reloaded?.();
  }

  /** Ends in good order: no new checks, what is pending gets out, then everything closes. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#supervision?.stopping();
    this.#log.info("Stopping healthcheck server");
    clearInterval(this.#housekeeping);
    this.#manager.stop();
    const endMs = performance.now() + FLUSH_MS;
    this.#notifier.flush();
    const drainedByMs = endMs - FLUSH_MS + DRAIN_MS;
    const draining = () => this.#checking.checkerEnv.dialer.pending > 0 && performance.now() < drainedByMs;
    while ((this.#notifier.waiting > 0 && performance.now() < endMs) || draining()) {
      await Bun.sleep(FLUSH_LOOK_MS);
      this.#notifier.flush();
    }
    await this.#control.stop(Math.max(0, endMs - performance.now()));
    this.#notifier.disconnected();
    this.#checking.scheduler.stop();
    await this.#telemetry?.close(Math.max(MIN_TRACE_FLUSH_MS, endMs - performance.now()));
    this.#serving?.close();
    this.#supervision?.close();
    this.#log.info("Healthcheck server stopped");
    this.#ended.resolve();
  }

  /** Loads and starts what people look at, when it is switched on. */
  async #serve(): Promise<void> {
    const { metrics } = this.#config;
    if (!metrics.enabled) return;
    const { AdminServer } = await import("./admin.ts");
    const { scheduler, descriptors, descriptorLimit } = this.#checking;
    const parts = {
      manager: this.#manager,
      scheduler,
      control: this.#control,
      waiting: () => this.#notifier.waiting,
      stopping: () => this.#stopping !== undefined,
      descriptorLimit,
      checkDescriptors: descriptors.limit,
      testFault: this.#options.testFault,
    };
    this.#serving = new AdminServer(metrics, parts, this.#log);
    this.#tellConfig(this.#options.configFault === undefined);
    await this.#serving.listen();
  }

  /** Loads and starts telemetry, when it is switched on. */
  async #trace(): Promise<void> {
    if (!this.#config.telemetry.enabled) return;
    const { startTelemetry } = await import("../telemetry/start.ts");
    const lost = (count: number) => this.#serving?.metrics.server.failed("telemetry", count);
    const parts = { clock: this.#checking.clock, monitorLog: this.#monitorLog, lost };
    const telemetry = await startTelemetry(this.#config, this.#options.env, parts, this.#log);
    this.#telemetry = telemetry;
    if (telemetry !== undefined) this.#options.addLogFields(() => telemetry.logFields());
  }

  #tellConfig(valid: boolean): void {
    const server = this.#serving?.metrics.server;
    server?.configRead(valid, this.#checking.clock.wallMs());
    if (!valid) server?.failed("config");
  }

  #checkingEvents(): CheckRuntimeEvents {
    const troubles = this.#troubles;
    return {
      stalled: (stallMs) => troubles.stalled(stallMs),
      ticked: (lateMs) => this.#serving?.metrics.ticked(lateMs),
      exhausted: (limit, waiting) => troubles.exhausted(limit, waiting),
      fault: (error) => this.#fault(error),
    };
  }

  /** An exception where none should be; everything else goes on. */
  #fault(error: unknown): void {
    this.#serving?.metrics.server.failed("internal");
    this.#log.error("Internal fault", { error: describeError(error) });
  }

  #observer(log: MonitorLog): MonitorObserver {
    const { clock } = this.#checking;
    return {
      finished: (monitor, result, latenessMs) => {
        const traceId = (this.#telemetry?.checks ?? log).finished(monitor, result, latenessMs);
        const metrics = this.#serving?.metrics;
        metrics?.finished(monitor, result, latenessMs, clock.nowMs());
        if (traceId !== undefined && result.outcome === "failure")
          metrics?.traced(monitor.spec.check.type, result.code, traceId, clock.wallMs());
      },
      skipped: (monitor, count, why) => {
        (this.#telemetry?.checks ?? log).skipped(monitor, count, why);
        this.#serving?.metrics.skipped(count, why);
      },
      changed: (monitor, from, result) => {
        (this.#telemetry?.checks ?? log).changed(monitor, from, result);
        this.#serving?.feed.changed(monitor, from, result, clock.wallMs());
        this.#notifier.notify({ id: monitor.spec.id, status: monitor.status });
      },
    };
  }

  #keepHouse(): void {
    clearInterval(this.#housekeeping);
    this.#housekeeping = setInterval(() => {
      if (this.#control instanceof ProxySocketControl) this.#control.ensureSocket();
    }, this.#config.manager.monitor_interval);
  }
}
