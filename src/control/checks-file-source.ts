/** The standalone control plane: the desired set comes from a file, and state changes are only logged. */
import { formatDiagnostic } from "../config/diagnostic.ts";
import type { Logger } from "../logging/logger.ts";
import type { CheckDefaults } from "../model/check-defaults.ts";
import type { Notification } from "../model/status.ts";
import { checksExposure } from "./checks-exposure.ts";
import { readChecksFile } from "./checks-file.ts";
import type { ControlPlane, ControlPlaneContext, ControlPlaneHandler, CountFault } from "./control-plane.ts";

/** Takes the desired set from a checks file. State changes are only logged. */
export class ChecksFileControl implements ControlPlane {
  readonly #path: string;
  readonly #defaults: CheckDefaults;
  readonly #log: Logger;
  readonly #count: CountFault;
  readonly peer = undefined;
  readonly depths = { config_update: 0, proxy_message: 0 };
  #handler: ControlPlaneHandler | undefined;
  #loaded = false;

  constructor(path: string, { config, log, count }: ControlPlaneContext) {
    this.#path = path;
    this.#defaults = config.checks;
    this.#log = log;
    this.#count = count;
  }

  readinessProblem(): string | undefined {
    return this.#loaded ? undefined : "the checks file is not loaded";
  }

  async start(handler: ControlPlaneHandler): Promise<void> {
    this.#handler = handler;
    await this.#load();
  }

  async reconfigure(): Promise<string | undefined> {
    try {
      await this.#load();
      return undefined;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#count("config");
      const message =
        "Configuration error: the checks file was not loaded, the running healthchecks continue";
      this.#log.error(message, { error: why });
      return why;
    }
  }

  maintain(): void {}

  /** Accepts everything: state changes are in the log, and there is no client. */
  deliver(batch: readonly Notification[]): number {
    return batch.length;
  }

  async stop(): Promise<void> {
    this.#handler = undefined;
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
    if (faults.length > 0) this.#count("config", Math.max(faults.length, set.rejections ?? 0));
    if (this.#loaded && set.rejected.has(undefined))
      this.#log.warn("Rejected an entry without an id; no running healthcheck was removed");
    await this.#handler?.applyDesiredSet(set);
    this.#loaded = true;
  }
}
