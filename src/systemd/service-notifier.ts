/**
 * The word to the service manager: ready, reloading, stopping, alive, and how things stand. Made only where one listens
 * (NOTIFY_SOCKET). Nothing of it matters to the checks: what cannot be sent is sent again later, and logged once.
 */

import type { ControlPlane } from "../control/control-plane.ts";
import type { Logger } from "../logging/logger.ts";
import type { Manager } from "../manager/manager.ts";
import { sentence } from "../model/printable.ts";
import { SCHEDULER_DEAD_MS, type Scheduler } from "../scheduler/scheduler.ts";
import { monotonicUs, NotifySocket, type SystemdNotifySettings } from "./notify-socket.ts";
import { type Standing, SystemdReport } from "./watchdog-report.ts";

/** More words than these are never waiting: the last two say what the others did. */
const MAX_WAITING = 2;

/** What is told about. */
export interface SupervisedParts {
  readonly manager: Pick<Manager, "census">;
  readonly control: Pick<ControlPlane, "connected" | "readinessProblem">;
  readonly scheduler: Pick<Scheduler, "overdueMs">;
}

/** See the head of the file. */
export class ServiceNotifier {
  readonly #socket: NotifySocket;
  readonly #report: SystemdReport;
  readonly #parts: SupervisedParts;
  /** Changes of the service's state that could not be sent yet. */
  #waiting: string[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;
  #reloads = 0;
  #stopping = false;
  #configTrouble: string | undefined;

  constructor({ address, watchdogMs }: SystemdNotifySettings, parts: SupervisedParts, log: Logger) {
    let told = false;
    this.#socket = new NotifySocket(address, (error) => {
      if (!told) log.warn("Cannot tell the service manager how things stand", { socket: address, error });
      told = true;
    });
    this.#report = new SystemdReport(watchdogMs, SCHEDULER_DEAD_MS);
    this.#parts = parts;
  }

  /** Reports the configuration's state in the status. @param trouble - what is wrong; undefined when the file is in effect */
  configured(trouble: string | undefined): void {
    this.#configTrouble = trouble;
  }

  /** It serves. From here on the watchdog is fed. */
  ready(): void {
    this.#tell("READY=1");
    this.#look();
    this.#timer = setInterval(() => this.#look(), this.#report.periodMs);
  }

  /**
   * The configuration is read again.
   *
   * @returns to be called when what came of it is in effect; a file that was of no use has none
   */
  reloading(): () => void {
    this.#reloads++;
    // The time belongs to Type=notify-reload (systemd 253); others take no notice.
    this.#tell(`RELOADING=1\nMONOTONIC_USEC=${monotonicUs()}`);
    return () => {
      this.#reloads--;
      if (this.#reloads === 0) this.#tell("READY=1");
    };
  }

  /** It is about to end. Until then it is alive, and neither ready nor reloading any more. */
  stopping(): void {
    this.#tell("STOPPING=1");
    this.#stopping = true;
  }

  /** Falls silent. */
  close(): void {
    clearInterval(this.#timer);
    this.#socket.close();
  }

  #tell(words: string): void {
    if (this.#stopping) return;
    this.#waiting = [...this.#waiting, words].slice(-MAX_WAITING);
    this.#sendWaiting();
  }

  #standing(): Standing {
    const { manager, control, scheduler } = this.#parts;
    return {
      counts: manager.census().states,
      connected: control.connected,
      stopping: this.#stopping,
      trouble: this.#configTrouble ?? (this.#stopping ? undefined : control.readinessProblem()),
      overdueMs: scheduler.overdueMs,
    };
  }

  #look(): void {
    this.#sendWaiting();
    const due = this.#report.look(performance.now(), this.#standing());
    if (due !== undefined && !this.#socket.send(due)) this.#report.unsent();
  }

  #sendWaiting(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (!this.#socket.send(next)) return;
      this.#waiting.shift();
    }
  }
}

/** Reports why a start has failed, as the last status of a process that is about to end. */
export function reportFailedStart(settings: SystemdNotifySettings | undefined, why: string): void {
  if (settings === undefined) return;
  const socket = new NotifySocket(settings.address, () => {});
  socket.send(`STATUS=${sentence(`cannot start: ${why}`)}`);
  socket.close();
}
