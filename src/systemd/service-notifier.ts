/**
 * Notifications to systemd: ready, reloading, stopping, watchdog pings, and a status line. Checks never depend on them: a message
 * that cannot be sent is sent again later, and logged once.
 */

import type { ControlPlane } from "../control/control-plane.ts";
import type { Logger } from "../logging/logger.ts";
import type { Manager } from "../manager/manager.ts";
import { sentence } from "../model/printable.ts";
import { SCHEDULER_DEAD_MS, type Scheduler } from "../scheduler/scheduler.ts";
import { monotonicUs, NotifySocket, type SystemdNotifySettings } from "./notify-socket.ts";
import { type HealthSummary, SystemdReport } from "./watchdog-report.ts";

/** Maximum number of queued messages: newer ones supersede older ones. */
const MAX_QUEUED = 2;

/** Parts of the daemon that the status line describes. */
export interface MonitoredParts {
  readonly manager: Pick<Manager, "counts">;
  readonly control: Pick<ControlPlane, "peer" | "readinessProblem">;
  readonly scheduler: Pick<Scheduler, "overdueMs">;
}

/** Reports the state of the service to a service manager. */
export interface ServiceNotifier {
  /** Sets the configuration's part of the status. @param problem - undefined if the file is in effect */
  configured(problem: string | undefined): void;
  /** Reports that the service is ready, and starts the watchdog pings. */
  ready(): void;
  /**
   * Reports that the configuration is being reloaded.
   *
   * @returns function to call when the reload has ended, also if the file was rejected
   */
  reloading(): () => void;
  /** Reports that the service is stopping. Watchdog pings continue until {@link close}. */
  stopping(): void;
  /** Ends all reports. */
  close(): void;
}

/** Notifier of a daemon that no service manager listens to. */
const NO_SERVICE_NOTIFIER: ServiceNotifier = {
  configured: () => {},
  ready: () => {},
  reloading: () => () => {},
  stopping: () => {},
  close: () => {},
};

/** Creates the notifier for systemd. @param settings - undefined if systemd does not listen */
export function createServiceNotifier(
  settings: SystemdNotifySettings | undefined,
  parts: MonitoredParts,
  log: Logger,
): ServiceNotifier {
  return settings === undefined ? NO_SERVICE_NOTIFIER : new SystemdNotifier(settings, parts, log);
}

/** Reports the state of the service over the notification socket of systemd. */
class SystemdNotifier implements ServiceNotifier {
  readonly #socket: NotifySocket;
  readonly #report: SystemdReport;
  readonly #parts: MonitoredParts;
  /** State changes of the service that could not be sent yet. */
  #queue: string[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;
  #reloads = 0;
  #stopping = false;
  #configProblem: string | undefined;

  constructor({ address, watchdogMs }: SystemdNotifySettings, parts: MonitoredParts, log: Logger) {
    let logged = false;
    this.#socket = new NotifySocket(address, (error) => {
      if (!logged) log.warn("Cannot notify systemd", { socket: address, error });
      logged = true;
    });
    this.#report = new SystemdReport(watchdogMs, SCHEDULER_DEAD_MS);
    this.#parts = parts;
  }

  configured(problem: string | undefined): void {
    this.#configProblem = problem;
  }

  ready(): void {
    this.#send("READY=1");
    this.#poll();
    this.#timer = setInterval(() => this.#poll(), this.#report.periodMs);
  }

  reloading(): () => void {
    this.#reloads++;
    // Type=notify-reload requires the time (systemd 253); other types ignore it.
    this.#send(`RELOADING=1\nMONOTONIC_USEC=${monotonicUs()}`);
    return () => {
      this.#reloads--;
      if (this.#reloads === 0) this.#send("READY=1");
    };
  }

  stopping(): void {
    this.#send("STOPPING=1");
    // From here on the service is neither ready nor reloading.
    this.#stopping = true;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#socket.close();
  }

  #send(message: string): void {
    if (this.#stopping) return;
    this.#queue = [...this.#queue, message].slice(-MAX_QUEUED);
    this.#sendQueue();
  }

  #summary(): HealthSummary {
    const { manager, control, scheduler } = this.#parts;
    const { states, provisional } = manager.counts();
    return {
      counts: states,
      provisional,
      peer: control.peer,
      stopping: this.#stopping,
      problem: this.#configProblem ?? (this.#stopping ? undefined : control.readinessProblem()),
      overdueMs: scheduler.overdueMs,
    };
  }

  #poll(): void {
    this.#sendQueue();
    const due = this.#report.poll(performance.now(), this.#summary());
    if (due !== undefined && !this.#socket.send(due)) this.#report.unsent();
  }

  #sendQueue(): void {
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      if (!this.#socket.send(next)) return;
      this.#queue.shift();
    }
  }
}

/** Reports the reason of a failed start, as the last status of a process that is about to exit. */
export function reportFailedStart(settings: SystemdNotifySettings | undefined, why: string): void {
  if (settings === undefined) return;
  const socket = new NotifySocket(settings.address, () => {});
  socket.send(`STATUS=${sentence(`cannot start: ${why}`)}`);
  socket.close();
}
