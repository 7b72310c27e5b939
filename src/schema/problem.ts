/** The one grammar of field errors, `KEY: problem; must be RULE`: the part after the key. */
import type * as v from "valibot";
import { show } from "../model/format-value.ts";
import { showKind, showUnlessSecret } from "../redaction/values.ts";

/**
 * Formats the problem with a value: `70000 is out of range; must be an integer from 1 to 65535`, `missing; must be a string`.
 * A value that may be a secret in the wrong place is not shown: a list, an object, a URL with a user or a query.
 *
 * @param value - as it was read; undefined and null count as missing
 * @param rule - what is allowed, as the end of `must be …`
 */
export function problem(value: unknown, rule: string): string {
  return formatProblem(value, showUnlessSecret(value), rule);
}

/** {@link problem} for a field whose values are secrets: the value is never shown. */
export function secretProblem(value: unknown, rule: string): string {
  return formatProblem(value, showKind(value), rule);
}

function formatProblem(value: unknown, shown: string, rule: string): string {
  if (value === undefined || value === null) return `missing; must be ${rule}`;
  return `${shown} is not valid; must be ${rule}`;
}

/** {@link problem} as a valibot message. */
export function message(rule: string) {
  return (issue: v.BaseIssue<unknown>) => problem(issue.input, rule);
}

/** {@link secretProblem} as a valibot message. */
export function secretMessage(rule: string) {
  return (issue: v.BaseIssue<unknown>) => secretProblem(issue.input, rule);
}

/** The valibot message for a number outside its range: `0 is out of range; must be an integer from 1 to 65535`. */
export function rangeMessage(rule: string) {
  return (issue: v.BaseIssue<unknown>) => `${show(issue.input)} is out of range; must be ${rule}`;
}
