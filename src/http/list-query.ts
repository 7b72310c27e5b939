/** The query of `/api/healthchecks`: its parameters, written once for validation and for the table in docs/monitoring.md. */
import { checkTypeNames } from "../checks/registry.ts";
import { show } from "../model/format-value.ts";
import { STATES, type State } from "../model/status.ts";
import { mayShowFieldName } from "../redaction/values.ts";
import { optional } from "../schema/field.ts";
import { objectReader } from "../schema/object.ts";
import { type FieldProblem, formatProblem } from "../schema/problem.ts";
import { choice, custom } from "../schema/values.ts";
import { digits } from "../schema/written-values.ts";
import { BadRequestError } from "./request.ts";

/** Selection of healthchecks that a client asks for. */
export interface ListQuery {
  readonly state: State | undefined;
  readonly type: string | undefined;
  /** Lower case; empty when every healthcheck matches. */
  readonly text: string;
  readonly limit: number;
  readonly offset: number;
}

/** Maximum number of healthchecks in a response. */
const MAX_LIMIT = 1_000;
const MAX_TEXT_CHARS = 200;
const TEXT_RANGE = `at most ${MAX_TEXT_CHARS} characters`;
const searchText = custom<string, string>(
  { kind: "string", rule: `a string of ${TEXT_RANGE}`, range: TEXT_RANGE, json: { type: "string" } },
  (input) => (typeof input === "string" && input.length <= MAX_TEXT_CHARS ? input.toLowerCase() : undefined),
  () => `too long; must be ${TEXT_RANGE}`,
);

/** Returns the parameters, each with its documentation; the check types are those that are registered now. */
export function listQueryFields() {
  return {
    state: optional(choice(STATES), "", "any", "State of the healthchecks."),
    type: optional(choice(checkTypeNames()), "", "any", "Check type of the healthchecks."),
    q: optional(
      searchText,
      "",
      "any",
      "Text that id, name, a label, target or last result must contain, in upper or lower case.",
    ),
    limit: optional(digits(0, MAX_LIMIT), "100", "100", "Maximum number of healthchecks in the response."),
    offset: optional(
      digits(0, Number.MAX_SAFE_INTEGER),
      "0",
      "0",
      "Number of matching healthchecks to skip, in the order of the list.",
    ),
  };
}

/**
 * Reads a query.
 *
 * @throws BadRequestError with every error
 */
export function readListQuery(query: URLSearchParams): ListQuery {
  const fields = listQueryFields();
  const read = objectReader(fields)(Object.fromEntries(query));
  const problems = [...nameProblems(query, Object.keys(fields)), ...(read.ok ? [] : read.problems)];
  if (!read.ok || problems.length > 0) throw new BadRequestError(problems.map(formatProblem).join("; "));
  const { state, type, q: text, limit, offset } = read.value;
  return { state: state || undefined, type: type || undefined, text, limit, offset };
}

/**
 * Finds parameters that are unknown, or given more than once.
 *
 * @param known - the names of the parameters; none when the path has none
 */
export function nameProblems(query: URLSearchParams, known: readonly string[]): FieldProblem[] {
  const rule = known.length === 0 ? "absent" : `one of ${known.join(", ")}`;
  return [...new Set(query.keys())].flatMap((name) => {
    const path = [mayShowFieldName(name) ? name : show(name)];
    if (!known.includes(name)) return [{ path, message: `unknown parameter; must be ${rule}` }];
    return query.getAll(name).length > 1
      ? [{ path, message: "given more than once; must be one value" }]
      : [];
  });
}
