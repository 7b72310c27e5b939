/** The CONFIG fields that every healthcheck has (docs/protocol.md); each check type adds its own (src/checks). */
import { checkTypeNames, findCheckType } from "../checks/registry.ts";
import { RawNumber } from "../model/format-value.ts";
import { type HealthcheckId, ID_RULE, parseId } from "../model/id.ts";
import { sentence } from "../model/printable.ts";
import type { Amended } from "../schema/amend.ts";
import { durationMs } from "../schema/durations.ts";
import { fieldFacts, type NamedFacts, namedFacts, optional, required } from "../schema/field.ts";
import type { JsonSchema } from "../schema/json-schema.ts";
import { type FieldValues, objectReader } from "../schema/object.ts";
import { ABOUT_DAMPING, dampingOrOff, intervalOrOff, MAX_JITTER } from "../schema/pace-values.ts";
import { notValid, problem } from "../schema/problem.ts";
import { anyInteger, custom, decimal, integer, oneOf, unchecked } from "../schema/values.ts";
import { LABEL_NAME, LABELS_RULE, MAX_LABELS, MAX_NAME_CHARS, NAME_RULE } from "./naming.ts";

/** Maximum length of an id in an error message about it. */
const MAX_ID_BYTES = 64;
/** Maximum number of consecutive successes or failures that a healthcheck can ask for. */
export const MAX_THRESHOLD = 1_000_000;

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
/** Formats the problem with an id in full: shortened, a number that is too large would look valid. */
function idProblem(input: unknown, rule: string): string {
  const isWritten = typeof input === "bigint" || typeof input === "string";
  return isWritten ? notValid(sentence(String(input), MAX_ID_BYTES), rule) : problem(input, rule);
}

/** An id that came as a number, which codec.ts reads as a bigint. */
const idNumber = custom<bigint, HealthcheckId>(
  idFacts,
  (input) => (typeof input === "bigint" ? parseId(String(input)) : undefined),
  (input, rule) => (typeof input === "bigint" ? idProblem(input, rule) : problem(input, rule)),
);
/** An id that came as a number or in quotes, as a YAML file may have it. */
const idNumberOrText = {
  ...custom<bigint | string, HealthcheckId>(
    idFacts,
    (input) => (typeof input === "bigint" || typeof input === "string" ? parseId(String(input)) : undefined),
    idProblem,
  ),
  // 1.0 is rejected in its own spelling.
  amend: (value: unknown, source: string | undefined): Amended | undefined =>
    typeof value === "number" && source !== undefined
      ? { value: new RawNumber(source), warnings: [] }
      : undefined,
};

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

const ABOUT_ID = "Identifies the healthcheck in messages, logs, metrics and the API. Unique within the list.";
const COMMON_FIELDS = {
  interval: required(durationMs, "Time from the start of one check to the start of the next."),
  timeout: required(durationMs, "Maximum duration of a check, from name lookup to last byte."),
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
    "Number of consecutive failures that make it unhealthy. 0 counts as absent; then `checks.thresholds` of the server applies.",
  ),
  rise: optional(
    integer(0, MAX_THRESHOLD),
    0,
    "1",
    "Number of consecutive successes that make it healthy. 0 counts as absent; then `checks.thresholds` of the server applies.",
  ),
  fast_interval: optional(
    intervalOrOff,
    undefined,
    "`checks.fast_interval` of the server",
    "Time from the start of one check to the next while results speak against the state, but not enough of them to change it; at most `interval`. " +
      "A check never overlaps itself: one that takes longer is followed immediately. 0s counts as absent.",
  ),
  down_interval: optional(
    intervalOrOff,
    undefined,
    "`checks.down_interval` of the server",
    "The interval while it is unhealthy. 0s counts as absent.",
  ),
  jitter: optional(
    decimal(0, MAX_JITTER),
    undefined,
    "`checks.jitter` of the server",
    "Random delay of each check on the grid, in percent of the interval; the mean rate stays. Checks at `fast_interval` have none.",
  ),
  damping: optional(dampingOrOff, undefined, "`checks.damping` of the server", ABOUT_DAMPING),
  name: optional(
    nameValue,
    undefined,
    "none",
    "Name for operators: shown on the status page, in the API and by explain, and a label of healthcheck_info. A change does not restart the healthcheck.",
  ),
  labels: optional(
    labelsValue,
    undefined,
    "none",
    "Labels for operators, shown where the name is; healthcheck_info has each of them as label_NAME.",
  ),
};

const FIELDS_IN_FILE = { id: required(idNumberOrText, ABOUT_ID), ...COMMON_FIELDS };

/** Reads the common fields of a CONFIG on the socket. */
export const readOnWire = objectReader({ id: required(idNumber, ABOUT_ID), ...COMMON_FIELDS });
/** Reads the common fields of a CONFIG in a checks file. */
export const readInFile = objectReader(FIELDS_IN_FILE);
/** The common fields as they were read. */
export type CommonFields = FieldValues<typeof FIELDS_IN_FILE>;

/** Allowed values of `checker_type`, as the end of an error message: `one of tcp, http, dns, udp, icmp, radius`. */
export function checkerTypeRule(): string {
  return oneOf(checkTypeNames()).rule;
}

/** Returns the fields that every check type has, in the order of documents. */
export function commonFields(): readonly NamedFacts[] {
  const { id, ...others } = FIELDS_IN_FILE;
  const names = checkTypeNames();
  const checkerType = fieldFacts(
    required(oneOf(names), "Check type. Each has the fields of its section below besides these."),
  );
  return [{ name: "id", ...fieldFacts(id) }, { name: "checker_type", ...checkerType }, ...namedFacts(others)];
}

/** Returns the fields that one check type adds; undefined for an unknown type. */
export function fieldsOfType(checkerType: string): readonly NamedFacts[] | undefined {
  const type = findCheckType(checkerType);
  return type && namedFacts(type.fields);
}
