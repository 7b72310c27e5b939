/** Warns about a checks file that holds secrets and that every user of the host may read. */

import { checkTypeOf } from "../checks/registry.ts";
import type { Diagnostic } from "../config/diagnostic.ts";
import { exposure } from "../config/exposure.ts";
import type { HealthcheckSpec } from "../model/spec.ts";

/**
 * Checks if every user can read a checks file that contains headers, data to send or paths with tokens.
 *
 * @returns the warning; undefined if the file is protected
 */
export function checksExposure(path: string, specs: readonly HealthcheckSpec[]): Diagnostic | undefined {
  const count = specs.filter(({ check }) => checkTypeOf(check).holdsSecrets(check)).length;
  if (count === 0) return undefined;
  return exposure(path, `data sent to backends (headers, send, path queries) in ${count} healthchecks`);
}
