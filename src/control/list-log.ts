/**
 * Log lines about the client's list of healthchecks. The list arrives every 15 s; a line is written if it has changed. The
 * message `Received N healthcheck configs from proxy` is that of the original server.
 */
import { checkTypeOf } from "../checks/registry.ts";
import type { PacedLog } from "../logging/paced.ts";
import type { HealthcheckId } from "../model/id.ts";
import type { HealthcheckSpec } from "../model/spec.ts";
import type { ReadConfigs } from "../protocol/messages.ts";

/** Logs each change of the client's list. */
export class ListLog {
  readonly #log: PacedLog;
  /** Healthchecks of the previous list that query this host's resolver. */
  #resolved: ReadonlySet<HealthcheckId> = new Set();

  constructor(log: PacedLog) {
    this.#log = log;
  }

  /** Logs a list, if it has changed. */
  received({ specs, rejected, changed }: ReadConfigs): void {
    if (!changed) return;
    this.#log.info(`Received ${specs.length + rejected} healthcheck configs from proxy`, {
      refused: rejected,
    });
    const resolved = new Set(specs.filter(asksResolver).map(({ id }) => id));
    const added = [...resolved].find((id) => !this.#resolved.has(id));
    const isNews = added !== undefined || resolved.size !== this.#resolved.size;
    this.#resolved = resolved;
    const [example = added] = resolved;
    if (isNews && example !== undefined)
      this.#log.warn("DNS healthchecks without an ip ask this host's resolver, not the backend", {
        count: resolved.size,
        example: added ?? example,
      });
  }
}

/** Returns true for a check that does not reach its backend: the proxy leaves out the address of DNS healthchecks. */
function asksResolver({ check }: HealthcheckSpec): boolean {
  return checkTypeOf(check).usesSystemResolver?.(check) === true;
}
