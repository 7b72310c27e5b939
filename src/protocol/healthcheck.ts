/**
 * CONFIG of the protocol: what a client or a checks file says about one healthcheck, understood and normalised. Unknown
 * fields are ignored, null counts as absent.
 */
import * as v from "valibot";
import { CHECK_DEFAULTS, type CheckDefaults, thresholdsOf } from "../model/check-defaults.ts";
import { type HealthcheckId, parseId } from "../model/id.ts";
import type { HealthcheckSpec } from "../model/spec.ts";
import { secretNotAllowed } from "./fields.ts";
import { inFile, onWire, TOKEN } from "./healthcheck-schema.ts";
import { readNaming } from "./naming.ts";
import { FieldError, normalise } from "./normalize.ts";
import { amendPace } from "./pace.ts";

/** A CONFIG understood, or why it was not. */
export type ReadConfig =
  | {
      readonly ok: true;
      readonly spec: HealthcheckSpec;
      /** What is used otherwise than it was written, one entry a field. */
      readonly warnings: readonly ConfigFault[];
    }
  | {
      readonly ok: false;
      /** When at least that could be read. */
      readonly id: HealthcheckId | undefined;
      /** What is wrong, one entry a fault, each with the name of its field. */
      readonly faults: readonly ConfigFault[];
    };

/** What is wrong with one field. */
export interface ConfigFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/**
 * Understands one CONFIG.
 *
 * @param value - as `parseJson` gives it, ids as bigint
 * @param where - `file` also takes ids in quotes
 * @param defaults - of the server, for what the CONFIG leaves open
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
      faults: [{ path: [], message: secretNotAllowed(value, "an object") }],
    };
  }
  const parsed = v.safeParse(where === "wire" ? onWire : inFile, value);
  if (!parsed.success) return { ok: false, id: idOf(value), faults: parsed.issues.map(faultOf) };
  const { id, name, labels, interval, timeout, retries, rise, fall, ...fields } = parsed.output;
  try {
    const check = normalise(fields, defaults);
    const pace = amendPace({ interval, timeout, retries }, check.type);
    const { naming, warnings } = readNaming(name, labels);
    const derived = thresholdsOf(pace.retries, defaults.thresholds);
    const spec = {
      id,
      ...naming,
      intervalMs: pace.interval,
      timeoutMs: pace.timeout,
      rise: rise || derived.rise,
      fall: fall || derived.fall,
    };
    return {
      ok: true,
      spec: { ...spec, check },
      warnings: warnings.length === 0 ? pace.warnings : [...pace.warnings, ...warnings],
    };
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    return { ok: false, id, faults: [{ path: [error.field], message: error.message }] };
  }
}

function faultOf(issue: v.BaseIssue<unknown>): ConfigFault {
  const path = (issue.path ?? []).map(({ key }) => (typeof key === "number" ? key : String(key)));
  const [field, name] = path;
  // A header's name that is none may be a whole header, with its value.
  if (field === "headers" && !TOKEN.test(String(name))) path.length = 1;
  return { path, message: issue.message };
}

/** Which healthcheck is meant, also where the id is not written as it must be: what runs must go on. */
function idOf(value: object): HealthcheckId | undefined {
  const id = "id" in value ? value.id : undefined;
  return typeof id === "bigint" || typeof id === "string" ? parseId(String(id)) : undefined;
}
