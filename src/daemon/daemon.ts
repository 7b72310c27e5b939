/**
 * The composition root: wires the components together. Every component that is started registers its stop, so a stop is the reverse
 * of the start, and a start that fails undoes the part that succeeded.
 *
 * Control plane → manager → monitors (driven by the scheduler) → notifier → control plane.
 */

import { makeChecker } from "../checks/registry.ts";
import type { Config } from "../config/schema.ts";
import type { ControlPlane, ControlPlaneHandler } from "../control/control-plane.ts";
import { createControlPlane } from "../control/create.ts";
import { Events } from "../events/events.ts";
import type { LogFields, Logger } from "../logging/logger.ts";
import type { DesiredSet } from "../manager/diff.ts";
import { Manager } from "../manager/manager.ts";
import { describeError } from "../model/format-value.ts";
import { roundMs } from "../model/phases.ts";
import type { HealthcheckSpec } from "../model/spec.ts";
import { Monitor, type MonitorObserver } from "../monitor/monitor.ts";
import { MonitorLog } from "../monitor/monitor-log.ts";
import { NetworkWatch } from "../network/network-watch.ts";
import { Notifier, type NotifierObserver } from "../notifier/notifier.ts";
import type { SystemdNotifySettings } from "../systemd/notify-socket.ts";
import { createServiceNotifier, type ServiceNotifier } from "../systemd/service-notifier.ts";
import { noTelemetry, type TelemetryPort } from "../telemetry/port.ts";
import { type Admin, NO_ADMIN } from "./admin.ts";
import { type CheckRuntime, createCheckRuntime } from "./check-runtime.ts";
import { DRY_RUN_CHECKER } from "./dry-run.ts";
import type { FaultInjector } from "./fault-injection.ts";
import { Operations } from "./operations.ts";
import { OverloadLog } from "./overload-log.ts";
import { batchSettings, eventSettings, networkSettings, stateFileSettings } from "./settings.ts";
import { notifyingObserver } from "./state-notifications.ts";
import { NO_FLUSH, stopDeadlines } from "./stop-budget.ts";

/** Options of the daemon from the command line and the environment. */
export interface DaemonOptions {
  /** Standalone mode: path of the checks file. Undefined if healthchecks come from the proxy. */
  readonly checksFile: string | undefined;
  /** File with trusted CA certificates, in place of the host's. */
  readonly caFile: string | undefined;
  /** True runs no check: every healthcheck counts as healthy. */
  readonly dryRun: boolean;
  /** First error of a rejected configuration file, in whose place the defaults are in effect; undefined if the file is valid. */
  readonly configFault: string | undefined;
  /** Keys that the configuration file sets, as `section.key`; the environment may replace the default of any other. */
  readonly named: ReadonlySet<string>;
  /** Address for notifications to systemd; undefined if it does not listen. */
  readonly notify: SystemdNotifySettings | undefined;
  /** Injects faults, in tests; usually does nothing. */
  readonly faults: FaultInjector;
  /** Environment of the process, for OpenTelemetry and the resolver. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Adds fields to every log line. */
  readonly addLogFields: (fields: () => LogFields) => void;
}

/** The whole server: all components, started and stopped together. */
export class Daemon {
  readonly #log: Logger;
  readonly #options: DaemonOptions;
  readonly #monitorLog: MonitorLog;
  readonly #overload: OverloadLog;
  readonly #runtime: CheckRuntime;
  readonly #network: NetworkWatch;
  readonly #control: ControlPlane;
  readonly #manager: Manager;
  readonly #notifier: Notifier;
  readonly #events: Events;
  readonly #service: ServiceNotifier;
  readonly #operations: Operations;
  /** Called for each check, in this order. Filled at the start, before there are monitors. */
  readonly #observers: MonitorObserver[] = [];
  readonly #ended = Promise.withResolvers<void>();
  #config: Config;
  #admin: Admin = NO_ADMIN;
  #telemetry: TelemetryPort;
  /** Stops of the components that have been started. */
  #started = new AsyncDisposableStack();
  #deadlines = NO_FLUSH;
  #stopping: Promise<void> | undefined;
  #maintenance: ReturnType<typeof setInterval> | undefined;

  /** Creates the components; nothing runs before {@link start}. */
  constructor(config: Config, options: DaemonOptions, log: Logger) {
    this.#config = config;
    this.#options = options;
    this.#log = log;
    this.#overload = new OverloadLog(log, (act) => this.#telemetry.outside(act));
    this.#runtime = createCheckRuntime(
      options.caFile,
      {
        stalled: (stallMs) => this.#overload.stalled(stallMs),
        ticked: (lateMs) => this.#admin.ticked(lateMs),
        exhausted: (limit, waiting) => this.#overload.exhausted(limit, waiting),
        fault: (error) => this.#internalError(error),
      },
      options.env,
    );
    const { clock, scheduler } = this.#runtime;
    this.#monitorLog = new MonitorLog(log, clock);
    const { dialer, after } = this.#runtime.checkerEnv;
    this.#network = new NetworkWatch(networkSettings(config), { clock, dialer, after, log });
    this.#events = new Events(clock, options.caFile, log);
    this.#telemetry = noTelemetry(this.#monitorLog);
    this.#control = createControlPlane({
      config,
      checksFile: options.checksFile,
      log,
      count: (error, times) => this.#admin.failed(error, times),
      fault: (error) => this.#internalError(error),
      engineCalled: (method, durationMs, isGood) => this.#admin.engineCalled(method, durationMs, isGood),
      tracing: () => this.#telemetry.clients,
      engineTracing: () => this.#telemetry.engine,
    });
    this.#manager = new Manager(
      clock,
      log,
      (spec) => this.#createMonitor(spec),
      (id) => {
        this.#notifier.forget(id);
        this.#telemetry.forget(id);
      },
    );
    const delivery = options.faults.delivery(this.#control);
    const measured = () => this.#manager.measuredStatuses();
    const settings = batchSettings(config);
    this.#notifier = new Notifier(clock, delivery, measured, settings, this.#notifierObserver());
    const stateFile = options.dryRun ? undefined : stateFileSettings(config, options.env);
    this.#operations = new Operations(config, stateFile, {
      clock,
      monitors: this.#manager.monitors,
      log,
      report: ({ spec, status }) => this.#notifier.notify({ id: spec.id, status }),
      complete: () => this.#notifier.expedite(),
    });
    const parts = { manager: this.#manager, control: this.#control, scheduler };
    this.#service = createServiceNotifier(options.notify, parts, log);
  }

  /** Settles when the daemon has stopped. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Returns the fields of the log line that describes the daemon: states, client or engine, queue lengths, stalls. */
  state(): LogFields {
    const { states, provisional, inFlight, overridden } = this.#manager.counts();
    const { peer, depths } = this.#control;
    const queued = Object.entries(depths).map(([channel, depth]) => [`${channel}_depth`, depth]);
    const { scheduler } = this.#runtime;
    return {
      healthchecks: this.#manager.monitors.size,
      ...states,
      provisional,
      in_flight: inFlight,
      overridden,
      ...(peer === undefined ? {} : { [`${peer.name}_connected`]: peer.connected }),
      notification_depth: this.#notifier.waiting,
      ...Object.fromEntries(queued),
      network_blind: this.#network.state.isBlind,
      overdue_ms: Math.round(scheduler.overdueMs),
      stalled_ms: Math.round(scheduler.stalledMs),
      uptime_s: Math.floor(process.uptime()),
    };
  }

  /**
   * Starts all components.
   *
   * @throws Error if the control plane cannot serve; everything that was started is stopped again
   */
  async start(): Promise<void> {
    const { configFault, faults } = this.#options;
    await using started = new AsyncDisposableStack();
    started.adopt(this.#service, (service) => service.close());
    this.#service.configured(configFault && `running on the defaults: ${configFault}`);

    this.#admin = started.adopt(await this.#loadAdmin(), (admin) => admin.close());
    this.#admin.configRead(configFault === undefined);
    await this.#admin.listen();

    const telemetry = await this.#loadTelemetry();
    this.#telemetry = started.adopt(telemetry, (port) => port.close(this.#deadlines.traces));
    this.#observers.push(
      telemetry.checks,
      this.#admin,
      notifyingObserver(this.#notifier),
      this.#operations.states,
      this.#events,
    );

    this.#events.configure(eventSettings(this.#config));
    started.adopt(this.#events, (events) => events.stop(this.#deadlines.events));
    started.adopt(this.#runtime.scheduler, (scheduler) => scheduler.stop());
    this.#watchRoutes();
    started.adopt(this.#network, (network) => network.stop());
    started.adopt(this.#notifier, (notifier) => notifier.disconnected());
    started.adopt(this.#manager, (manager) => manager.stop());
    started.adopt(this.#control, (control) => control.stop(this.#deadlines.notifications));
    await this.#operations.start();
    started.adopt(this.#operations, (operations) => operations.stop());
    await this.#control.start(this.#handler());
    started.defer(() => this.#drain());

    this.#maintain();
    started.defer(() => clearInterval(this.#maintenance));
    this.#log.info("All tasks spawned, server running");
    this.#service.ready();
    started.defer(() => this.#service.stopping());
    faults.started(this.#runtime.scheduler);
    this.#started = started.move();
  }

  /**
   * Applies the settings that can change at run time.
   *
   * @param fault - first error of a rejected file, in which case `config` is the running configuration; undefined if it is valid
   */
  async reload(config: Config, fault: string | undefined): Promise<void> {
    const reloaded = this.#service.reloading();
    this.#config = config;
    this.#admin.configRead(fault === undefined);
    this.#admin.reconfigure(config);
    this.#telemetry.reconfigure(config);
    this.#notifier.reconfigure(batchSettings(config));
    this.#network.reconfigure(networkSettings(config));
    this.#events.configure(eventSettings(config));
    this.#maintain();
    this.#runtime.checkerEnv.tls.forget();
    const controlFault = await this.#control.reconfigure(config);
    const kept = fault ?? controlFault;
    this.#service.configured(kept && `not reloaded, the former one is in effect: ${kept}`);
    reloaded();
  }

  /** Stops all components: checks end, pending notifications are sent, then everything closes. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#log.info("Stopping healthcheck server");
    this.#deadlines = stopDeadlines();
    await this.#started.disposeAsync();
    this.#log.info("Healthcheck server stopped");
    this.#ended.resolve();
  }

  /** Starts no more checks, and waits until pending notifications are sent and backends have finished their answers. */
  async #drain(): Promise<void> {
    this.#manager.stop();
    const { answers, notifications } = this.#deadlines;
    await Promise.all([
      this.#notifier.drain(notifications),
      this.#runtime.scheduler.waitIdle(answers),
      this.#operations.states.close(notifications),
    ]);
  }

  async #loadAdmin(): Promise<Admin> {
    const { metrics } = this.#config;
    if (!metrics.enabled) return NO_ADMIN;
    const { AdminServer } = await import("./admin-server.ts");
    const { clock, scheduler, descriptors, descriptorLimit } = this.#runtime;
    const deps = {
      clock,
      manager: this.#manager,
      scheduler,
      control: this.#control,
      waiting: () => this.#notifier.waiting,
      network: () => this.#network.state,
      events: () => this.#events.readings(),
      stopping: () => this.#stopping !== undefined,
      descriptorLimit,
      checkDescriptors: descriptors.limit,
      faults: this.#options.faults,
    };
    return new AdminServer(metrics, deps, this.#log);
  }

  async #loadTelemetry(): Promise<TelemetryPort> {
    if (!this.#config.telemetry.enabled) return this.#telemetry;
    const { startTelemetry } = await import("../telemetry/start.ts");
    const admin = this.#admin;
    const { env, named, addLogFields } = this.#options;
    const parts = {
      clock: this.#runtime.clock,
      monitorLog: this.#monitorLog,
      traced: admin.traced.bind(admin),
      lost: (count: number) => admin.failed("telemetry", count),
      addLogFields,
    };
    return await startTelemetry(this.#config, named, env, parts, this.#log);
  }

  #handler(): ControlPlaneHandler {
    return {
      applyDesiredSet: this.#options.faults.update((set) => this.#applyDesiredSet(set)),
      resync: () => this.#notifier.resync(),
      writable: () => this.#notifier.writable(),
      disconnected: () => this.#notifier.disconnected(),
      statuses: () => this.#manager.statuses(),
      shutdown: () => void this.stop(),
    };
  }

  async #applyDesiredSet(set: DesiredSet): Promise<void> {
    const { specs, rejections = 0 } = set;
    await this.#telemetry.update(specs.length + rejections, rejections, () => this.#manager.apply(set));
    this.#operations.applied(set.inheritMs !== undefined);
    this.#overload.applied(this.#manager.monitors.size, this.#runtime.descriptorLimit);
    this.#admin.updated();
  }

  #createMonitor(spec: HealthcheckSpec): Monitor {
    const { clock, scheduler, checkerEnv } = this.#runtime;
    const traceparent = this.#telemetry.traceparentOf(spec.id);
    const env = traceparent === undefined ? checkerEnv : { ...checkerEnv, traceparent };
    const { dryRun, faults } = this.#options;
    const checker = dryRun ? DRY_RUN_CHECKER : faults.checker(spec.id, makeChecker(spec.check, env));
    const monitorEnv = { clock, scheduler, observers: this.#observers, gate: this.#network };
    const monitor = new Monitor(spec, checker, monitorEnv, this.#admin.newRecord());
    this.#operations.prepare(monitor);
    return monitor;
  }

  /** Without it, a missing route is noticed by the next checks. */
  #watchRoutes(): void {
    try {
      this.#runtime.watchRoutes((losses) => this.#network.routesChanged(losses));
    } catch (error) {
      this.#log.warn("Routes are not watched", { error: describeError(error) });
    }
  }

  #notifierObserver(): NotifierObserver {
    return {
      sent: (trigger, waitedMs, latenciesMs, delivered) => {
        const size = delivered.length;
        this.#admin.sent(size, trigger, waitedMs, latenciesMs);
        // With the engine a batch only joins the next report, which has its own trace and line.
        if (this.#control.peer?.name === "engine") return;
        this.#telemetry.sent(delivered, trigger, waitedMs, () =>
          this.#log.debug("Batch sent", { size, trigger, waited_ms: roundMs(waitedMs) }),
        );
      },
      congested: (waiting) => {
        this.#admin.failed("channel");
        const message =
          "Failed to send notification: client is not reading; keeping the latest state of each healthcheck";
        this.#log.warn(message, { waiting });
      },
      fault: (error) => this.#internalError(error),
    };
  }

  /** Logs and counts an unexpected exception; everything else continues. */
  #internalError(error: unknown): void {
    this.#admin.failed("internal");
    this.#log.error("Internal error", { error: describeError(error) });
  }

  #maintain(): void {
    clearInterval(this.#maintenance);
    this.#maintenance = setInterval(() => {
      this.#control.maintain();
      this.#operations.maintain();
      this.#runtime.trim();
    }, this.#config.manager.monitor_interval);
  }
}
