/** The registry of check types: the one list that names them. */
import type { AnyCheckSpec } from "../model/spec.ts";
import type { CheckType } from "./check-type.ts";
import type { Checker, CheckerEnv } from "./checker.ts";
import { DNS } from "./dns/check-type.ts";
import { HTTP } from "./http/check-type.ts";
import { ICMP } from "./icmp/check-type.ts";
import { RADIUS } from "./radius/check-type.ts";
import { TCP } from "./tcp/check-type.ts";
import { UDP } from "./udp/check-type.ts";

/** The check types of this server, in the order of lists and documents. */
export const CHECK_TYPES = [TCP, HTTP, DNS, UDP, ICMP, RADIUS] as const;

/** Descriptor of a check type of {@link CHECK_TYPES}. */
export type CheckSpec = Parameters<(typeof CHECK_TYPES)[number]["formatTarget"]>[0];

const registered = new Map<string, CheckType>(CHECK_TYPES.map((type) => [type.name, type]));

/** Returns every check type, in the order of lists and documents. */
export function checkTypes(): readonly CheckType[] {
  return [...registered.values()];
}

/** Returns the names of the check types, the values of `checker_type`. */
export function checkTypeNames(): readonly string[] {
  return [...registered.keys()];
}

/** Returns the check type of a name; undefined for an unknown one. */
export function findCheckType(name: string): CheckType | undefined {
  return registered.get(name);
}

/**
 * Adds a check type besides {@link CHECK_TYPES}. Register it before anything that depends on the types is made.
 *
 * @returns removes it again when it is disposed of
 * @throws Error when the name is in use
 */
export function registerCheckType(type: CheckType): Disposable {
  if (registered.has(type.name)) throw new Error(`check type ${type.name} is registered twice`);
  registered.set(type.name, type);
  return { [Symbol.dispose]: () => void registered.delete(type.name) };
}

/**
 * Returns the check type of a spec.
 *
 * @throws Error for a spec that no registered type has made
 */
export function checkTypeOf({ type }: AnyCheckSpec): CheckType {
  const found = registered.get(type);
  if (found === undefined) throw new Error(`unknown check type ${type}`);
  return found;
}

/** Makes the checker of a healthcheck. */
export function makeChecker(spec: AnyCheckSpec, env: CheckerEnv): Checker {
  return checkTypeOf(spec).create(spec, env);
}

/** Formats the target of a check for logs, metrics and the API, without secrets: `tcp://10.0.0.1:80`. */
export function formatTarget(spec: AnyCheckSpec): string {
  return checkTypeOf(spec).formatTarget(spec);
}
