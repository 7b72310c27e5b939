/** Warns about a checks file that holds secrets and that every user of the host may read. */

import type { Diagnostic } from "../config/diagnostic.ts";
import { exposure } from "../config/exposure.ts";
import { type CheckSpec, type HealthcheckSpec, secretsAt } from "../model/spec.ts";

/**
 * Checks if every user can read a checks file that contains headers, data to send or paths with tokens.
 *
 * @returns the warning; undefined if there is none
 */
export function checksExposure(path: string, specs: readonly HealthcheckSpec[]): Diagnostic | undefined {
  const count = specs.filter(({ check }) => mayHoldSecrets(check)).length;
  if (count === 0) return undefined;
  return exposure(
    path,
    `what is sent to backends (headers, send, queries of paths) in ${count} healthchecks`,
  );
}

function mayHoldSecrets(check: CheckSpec): boolean {
  switch (check.type) {
    case "tcp":
      return check.send !== undefined;
    case "http":
      return check.headers.length > 0 || secretsAt(check.path) < check.path.length;
    case "dns":
      return false;
  }
}
