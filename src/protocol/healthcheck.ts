/**
 * CONFIG of the protocol: one healthcheck of a client or a checks file, validated and normalized. Unknown fields are ignored, null
 * counts as absent.
 */
import type { CheckType } from "../checks/check-type.ts";
import { findCheckType } from "../checks/registry.ts";
import { CHECK_DEFAULTS, type CheckDefaults, thresholdsOf } from "../model/check-defaults.ts";
import { type HealthcheckId, parseId } from "../model/id.ts";
import type { AnyCheckSpec, HealthcheckSpec } from "../model/spec.ts";
import { type FieldProblem, problem, secretProblem } from "../schema/problem.ts";
import { readFurtherPace } from "./further-pace.ts";
import { type CommonFields, checkerTypeRule, readInFile, readOnWire } from "./healthcheck-schema.ts";
import { readNaming } from "./naming.ts";
import { amendPace } from "./pace.ts";

/** A valid CONFIG, or the errors in it. */
export type ReadConfig =
  | {
      readonly ok: true;
      readonly spec: HealthcheckSpec;
      /** Values that were replaced, one entry for each field. */
      readonly warnings: readonly ConfigFault[];
    }
  | {
      readonly ok: false;
      /** The id; undefined when it could not be read. */
      readonly id: HealthcheckId | undefined;
      /** The errors, each with the name of its field. */
      readonly faults: readonly ConfigFault[];
    };

/** An error in one field. */
export type ConfigFault = FieldProblem;

/**
 * Reads one CONFIG.
 *
 * @param value - as `parseJson` returns it, ids as bigint
 * @param where - `file` also takes ids in quotes
 * @param defaults - of the server, for fields that the CONFIG leaves out
 */
export function readConfig(
  value: unknown,
  where: "wire" | "file",
  defaults: CheckDefaults = CHECK_DEFAULTS,
): ReadConfig {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return {
      ok: false,
      id: undefined,
      faults: [{ path: [], message: secretProblem(value, "an object") }],
    };
  }
  const common = where === "wire" ? readOnWire(value) : readInFile(value);
  const type = "checker_type" in value ? value.checker_type : undefined;
  const found = typeof type === "string" ? findCheckType(type) : undefined;
  const check = found?.read(value, defaults) ?? unknownType(type);
  if (!common.ok || !check.ok || found === undefined) {
    const faults = [...(common.ok ? [] : common.problems), ...(check.ok ? [] : check.problems)];
    return { ok: false, id: idOf(value), faults };
  }
  return understood(common.value, check.spec, found, defaults);
}

function unknownType(type: unknown) {
  return {
    ok: false,
    problems: [{ path: ["checker_type"], message: problem(type, checkerTypeRule()) }],
  } as const;
}

function understood(
  fields: CommonFields,
  check: AnyCheckSpec,
  type: CheckType,
  defaults: CheckDefaults,
): ReadConfig {
  const pace = amendPace(fields, type);
  const furtherPace = readFurtherPace(fields, pace.interval, defaults);
  if (!furtherPace.ok) return { ok: false, id: fields.id, faults: furtherPace.faults };
  const { naming, warnings } = readNaming(fields.name, fields.labels);
  const derived = thresholdsOf(pace.retries, defaults.thresholds);
  const spec: HealthcheckSpec = {
    id: fields.id,
    ...naming,
    ...furtherPace.spec,
    timeoutMs: pace.timeout,
    rise: fields.rise || derived.rise,
    fall: fields.fall || derived.fall,
    check,
  };
  return {
    ok: true,
    spec,
    warnings: warnings.length === 0 ? pace.warnings : [...pace.warnings, ...warnings],
  };
}

/** Finds the id, also one that is not written as it must be: a running healthcheck with that id must continue. */
function idOf(value: object): HealthcheckId | undefined {
  const id = "id" in value ? value.id : undefined;
  return typeof id === "bigint" || typeof id === "string" ? parseId(String(id)) : undefined;
}
