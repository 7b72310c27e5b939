/** CONFIG of the protocol for tests: a plain tcp check with changes, understood. Called by tests/protocol. */

import type { CheckSpec } from "../../../src/checks/registry.ts";
import type { HealthcheckSpec } from "../../../src/model/spec.ts";
import { readConfig } from "../../../src/protocol/healthcheck.ts";

const PLAIN = { id: 1n, interval: "5s", timeout: "1s", checker_type: "tcp", ip: "10.0.0.1", port: 80 };

/** The fields of a CONFIG; one that is changed to undefined is left out, as JSON would. */
export function configFields(changes: object): object {
  const fields = Object.entries({ ...PLAIN, ...changes });
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined));
}

/** Returns the healthcheck of a CONFIG; throws when it is rejected. */
export function specOf(changes: object, where: "wire" | "file" = "wire"): HealthcheckSpec {
  const read = readConfig(configFields(changes), where);
  if (!read.ok) throw new Error(`refused: ${JSON.stringify(read.faults)}`);
  return read.spec;
}

/** Only how it is done. */
export function checkOf(changes: object): CheckSpec {
  // The registry has only the types of this union, unless a test registers another one.
  return specOf(changes).check as CheckSpec;
}

/** Returns the reason why a CONFIG is rejected; throws when it is valid. */
export function rejection(changes: object): string[] {
  const read = readConfig(configFields(changes), "wire");
  if (read.ok) throw new Error("not refused");
  return read.faults.map(({ path, message }) => `${path.join(".")}: ${message}`);
}
