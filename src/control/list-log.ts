/**
 * What the log says of the client's list of healthchecks. The list comes every 15 s; a line is written when it has changed. The words
 * `Received N healthcheck configs from proxy` are the original server's.
 */
import { checkTypeOf } from "../checks/registry.ts";
import type { PacedLog } from "../logging/paced.ts";
import type { HealthcheckId } from "../model/id.ts";
import type { HealthcheckSpec } from "../model/spec.ts";
import type { ReadConfigs } from "../protocol/messages.ts";

/** Logs each change of the client's list. */
export class ListLog {
  readonly #log: PacedLog;
  /** Healthchecks of the former list that ask this host's resolver. */
  #resolved: ReadonlySet<HealthcheckId> = new Set();

  constructor(log: PacedLog) {
    this.#log = log;
  }

  /** Takes note of a list that was understood. */
  received({ specs, refused, changed }: ReadConfigs): void {
    if (!changed) return;
    this.#log.info(`Received ${specs.length + refused} healthcheck configs from proxy`, { refused });
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

/** Whether a check says nothing about its backend: today's proxy leaves out the address of a DNS healthcheck. */
function asksResolver({ check }: HealthcheckSpec): boolean {
  return checkTypeOf(check).usesSystemResolver?.(check) === true;
}
