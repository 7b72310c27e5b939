/** The standalone control plane: the desired set comes from a file, and state changes are only logged. */
import { formatDiagnostic } from "../config/diagnostic.ts";
import type { Logger } from "../logging/logger.ts";
import type { CheckDefaults } from "../model/check-defaults.ts";
import type { Notification } from "../model/status.ts";
import { checksExposure } from "./checks-exposure.ts";
import { readChecksFile } from "./checks-file.ts";
import type { ControlPlane, ControlPlaneHandler, CountFault } from "./control-plane.ts";

/** See the head of the file. */
export class ChecksFileControl implements ControlPlane {
  readonly #path: string;
  readonly #defaults: CheckDefaults;
  readonly #log: Logger;
  readonly #count: CountFault;
  readonly connected = undefined;
  readonly depths = { inbound: 0, outbound: 0 };
  #events: ControlPlaneHandler | undefined;
  #loaded = false;

  /** @param defaults - of the server, for what the file leaves open */
  constructor(path: string, defaults: CheckDefaults, log: Logger, count: CountFault) {
    this.#path = path;
    this.#defaults = defaults;
    this.#log = log;
    this.#count = count;
  }

  readinessProblem(): string | undefined {
    return this.#loaded ? undefined : "the checks file is not loaded";
  }

  async start(events: ControlPlaneHandler): Promise<void> {
    this.#events = events;
    await this.#load();
  }

  /** Reads the file again. @returns the error of a file that cannot be used, which changes nothing; undefined when it is in effect */
  async reload(): Promise<string | undefined> {
    try {
      await this.#load();
      return undefined;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#count("config");
      this.#log.error("Configuration error: the checks file was not loaded, the running healthchecks go on", {
        error: why,
      });
      return why;
    }
  }

  /** Nobody is there to be told: the log has it. */
  deliver(batch: readonly Notification[]): number {
    return batch.length;
  }

  async stop(): Promise<void> {
    this.#events = undefined;
    this.#loaded = false;
  }

  async #load(): Promise<void> {
    this.#log.info(`Loading healthchecks from: ${this.#path}`);
    const { set, faults, warnings } = await readChecksFile(this.#path, this.#defaults);
    for (const fault of faults) this.#log.warn(`Configuration error: ${formatDiagnostic(this.#path, fault)}`);
    for (const warning of warnings)
      this.#log.warn(`Configuration warning: ${formatDiagnostic(this.#path, warning)}`);
    const exposed = checksExposure(this.#path, set.specs);
    if (exposed !== undefined)
      this.#log.warn(`Configuration warning: ${formatDiagnostic(this.#path, exposed)}`);
    if (faults.length > 0) this.#count("config", Math.max(faults.length, set.refusals ?? 0));
    if (this.#loaded && set.refused.has(undefined))
      this.#log.warn("An entry was refused that says no id: no healthcheck is stopped by this file");
    await this.#events?.desired(set);
    this.#loaded = true;
  }
}
