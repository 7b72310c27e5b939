/** The operators' side of the daemon: overrides, their control socket, and the states that outlive the process. */
import type { Config } from "../config/schema.ts";
import type { Logger } from "../logging/logger.ts";
import type { HealthcheckId } from "../model/id.ts";
import type { Monitor } from "../monitor/monitor.ts";
import { OverrideCommands } from "../overrides/commands.ts";
import { ControlSocket, type Execute } from "../overrides/control-socket.ts";
import { Overrides } from "../overrides/overrides.ts";
import type { StateFileSettings } from "../persistence/state-file.ts";
import { currentMoment } from "../system/boot-clock.ts";
import type { Clock } from "../system/clock.ts";
import { createStateStore, type StateStore } from "./state-store.ts";

/** Parts of the daemon that operators can change. */
export interface OperationsDeps {
  readonly clock: Clock;
  readonly monitors: ReadonlyMap<HealthcheckId, Monitor>;
  readonly log: Logger;
  /** Receives a healthcheck whose reported status an operator has changed. */
  report(monitor: Monitor): void;
  /** Receives that a command has been executed: what it has reported is complete. */
  complete(): void;
}

/** Overrides, and the states of the earlier process. */
export class Operations {
  readonly states: StateStore;
  readonly #overrides: Overrides;
  readonly #socket: ControlSocket | undefined;

  /** @param stateFile - undefined if nothing outlives the process */
  constructor({ server }: Config, stateFile: StateFileSettings | undefined, deps: OperationsDeps) {
    const { clock, monitors, log } = deps;
    const now = () => currentMoment(clock.wallMs());
    this.#overrides = new Overrides({
      ...deps,
      now,
      changed: () => {
        deps.complete();
        this.states.overridesChanged();
      },
    });
    this.states = createStateStore(stateFile, clock, monitors, log, () => this.#overrides.list());
    const kept = (signal: AbortSignal) => this.states.overridesKept(signal);
    const commands = new OverrideCommands({ overrides: this.#overrides, monitors, now, kept });
    const path = server.control_socket;
    const execute: Execute = (line, operator) => commands.execute(line, operator);
    this.#socket = path === "" ? undefined : new ControlSocket(path, execute, log);
  }

  /** Reads what the earlier process has left, and serves operators. */
  async start(): Promise<void> {
    const { records, isVolatile } = await this.states.start();
    this.#overrides.restore(records, isVolatile);
    this.#socket?.start();
  }

  /** Continues with the earlier state of a new monitor, and applies what an operator has decided about it; before its start. */
  prepare(monitor: Monitor): void {
    const earlier = this.states.take(monitor.spec);
    if (earlier !== undefined) monitor.restore(earlier);
    this.#overrides.attach(monitor);
  }

  /** Receives that a list has been applied. @param isRenumbered - true if new ids may stand for former healthchecks */
  applied(isRenumbered: boolean): void {
    this.#overrides.adopt(isRenumbered);
  }

  /** Opens the control socket again if it was lost; called at an interval. */
  maintain(): void {
    this.#socket?.maintain();
  }

  /** Serves operators no longer. */
  stop(): void {
    this.#socket?.stop();
    this.#overrides.stop();
  }
}
