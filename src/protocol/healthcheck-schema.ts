/** The CONFIG fields that every healthcheck has (docs/protocol.md); each check type adds its own (src/checks). */
import * as v from "valibot";
import { checkTypeNames, findCheckType } from "../checks/registry.ts";
import { type HealthcheckId, ID_RULE, parseId } from "../model/id.ts";
import { sentence } from "../model/printable.ts";
import { type FieldFacts, fieldFacts, objectOf, optional, required, type Value } from "../schema/field.ts";
import type { JsonSchema } from "../schema/json-schema.ts";
import { message } from "../schema/problem.ts";
import { anyInteger, choice, durationMs, integer } from "../schema/values.ts";
import { LABEL_NAME, LABELS_RULE, MAX_LABELS, MAX_NAME_CHARS, NAME_RULE } from "./naming.ts";

/** Maximum length of an id in an error message about it. */
const MAX_ID_BYTES = 64;
/** Maximum number of consecutive successes or failures that a healthcheck can ask for. */
export const MAX_THRESHOLD = 1_000_000;

const digitsToId = v.rawTransform<string, HealthcheckId>(({ dataset, addIssue, NEVER }) => {
  const id = parseId(dataset.value);
  if (id !== undefined) return id;
  addIssue({ message: `${sentence(dataset.value, MAX_ID_BYTES)} is not valid; must be ${ID_RULE}` });
  return NEVER;
});
const idFacts = {
  kind: "integer",
  rule: ID_RULE,
  range: "0 to 2^64−1, in quotes or not",
  json: {
    anyOf: [
      { type: "integer", minimum: 0, maximum: 2 ** 64 },
      { type: "string", pattern: "^(?:0|[1-9][0-9]{0,19})$" },
    ],
  },
} as const;
/** An id that came as a number, which codec.ts reads as a bigint. */
const idNumber = { ...idFacts, schema: v.pipe(v.bigint(message(ID_RULE)), v.transform(String), digitsToId) };
/** An id that came as a number or in quotes, as a YAML file may have it. */
const idNumberOrText = {
  ...idFacts,
  schema: v.pipe(v.union([v.bigint(), v.string()], message(ID_RULE)), v.transform(String), digitsToId),
};

/** Validated in naming.ts, where an error drops the name and not the healthcheck. */
function unchecked(facts: Omit<Value, "schema">) {
  return { ...facts, schema: v.unknown() };
}

const SHOWN_JSON: JsonSchema = {
  anyOf: [{ type: "string", maxLength: MAX_NAME_CHARS }, { type: "number" }, { type: "boolean" }],
};
const nameValue = unchecked({
  kind: "string",
  rule: NAME_RULE,
  range: `at most ${MAX_NAME_CHARS} visible characters`,
  json: SHOWN_JSON,
});
const labelsValue = unchecked({
  kind: "map of strings",
  rule: LABELS_RULE,
  range: `at most ${MAX_LABELS}, names as Prometheus has them`,
  json: {
    type: "object",
    maxProperties: MAX_LABELS,
    propertyNames: { pattern: LABEL_NAME.source },
    additionalProperties: SHOWN_JSON,
  },
});

const ABOUT_ID = "What the healthcheck is called everywhere. Each id once.";
const COMMON_FIELDS = {
  interval: required(durationMs, "From one start to the next."),
  timeout: required(durationMs, "Bounds the whole check, from name lookup to last byte."),
  retries: optional(
    anyInteger(0, MAX_THRESHOLD),
    0,
    "0",
    "Number of further consecutive failures that are tolerated before it is unhealthy.",
  ),
  // Go writes an absent number as 0.
  fall: optional(
    integer(0, MAX_THRESHOLD),
    0,
    "retries + 1",
    "Number of consecutive failures that make it unhealthy. 0 counts as absent; then the server's `checks.thresholds` decides.",
  ),
  rise: optional(
    integer(0, MAX_THRESHOLD),
    0,
    "1",
    "Number of consecutive successes that make it healthy. 0 counts as absent; then the server's `checks.thresholds` decides.",
  ),
  name: optional(
    nameValue,
    undefined,
    "none",
    "A name for operators: shown on the status page, in the API and by explain, and a label of healthcheck_info. A change resets nothing.",
  ),
  labels: optional(
    labelsValue,
    undefined,
    "none",
    "Labels for operators, shown like the name; healthcheck_info has each as label_NAME.",
  ),
};

/** The common fields of a CONFIG on the socket. */
export const onWire = objectOf({ id: required(idNumber, ABOUT_ID), ...COMMON_FIELDS });
/** The common fields of a CONFIG in a checks file. */
export const inFile = objectOf({ id: required(idNumberOrText, ABOUT_ID), ...COMMON_FIELDS });

/** What `checker_type` may be, as the end of an error message: `one of tcp, http, dns`. */
export function checkerTypeRule(): string {
  return `one of ${checkTypeNames().join(", ")}`;
}

/** One field of a healthcheck with its documentation. */
export interface HealthcheckField extends FieldFacts {
  readonly name: string;
}

/** Returns the fields that every check type has, in the order of documents. */
export function commonFields(): readonly HealthcheckField[] {
  const { id, ...others } = inFile.entries;
  const names = checkTypeNames();
  const checkerType: HealthcheckField = {
    ...choice(names),
    name: "checker_type",
    json: { enum: [...names] },
    about: "How it is checked.",
    fallback: undefined,
  };
  return [{ name: "id", ...fieldFacts(id) }, checkerType, ...named(others)];
}

/** Returns the fields that one check type adds; undefined for an unknown type. */
export function fieldsOfType(checkerType: string): readonly HealthcheckField[] | undefined {
  const type = findCheckType(checkerType);
  return type && named(type.fields);
}

function named(fields: Readonly<Record<string, v.GenericSchema>>): HealthcheckField[] {
  return Object.entries(fields).map(([name, field]) => ({ name, ...fieldFacts(field) }));
}
