/** The one grammar of field errors, `KEY: problem; must be RULE`: the part after the key. */
import type * as v from "valibot";
import { show } from "../model/format-value.ts";
import { showKind, showUnlessSecret } from "../redaction/values.ts";

/** An error in one field. */
export interface FieldProblem {
  /** The name of the field, and where in its value the error is; empty when it is not in a single field. */
  readonly path: readonly (string | number)[];
  /** `problem; must be RULE` */
  readonly message: string;
}

/** Formats an error with its key: `port: 70000 is out of range; must be an integer from 1 to 65535`. */
export function formatProblem({ path, message }: FieldProblem): string {
  return path.length === 0 ? message : `${path.join(".")}: ${message}`;
}

/**
 * Formats the problem with a value: `"soon" is not valid; must be an integer`, `missing; must be a string`.
 * A value that may be a secret in the wrong place is not shown: a list, an object, a URL with a user or a query.
 *
 * @param value - as it was read; undefined and null count as missing
 * @param rule - what is allowed, as the end of `must be …`
 */
export function problem(value: unknown, rule: string): string {
  return describe(value, showUnlessSecret(value), rule);
}

/** {@link problem} for a field whose values are secrets: the value is never shown. */
export function secretProblem(value: unknown, rule: string): string {
  return describe(value, showKind(value), rule);
}

function describe(value: unknown, shown: string, rule: string): string {
  return value === undefined || value === null ? `missing; must be ${rule}` : notValid(shown, rule);
}

/** {@link problem} for a value that the caller has formatted: `0060 (s---rw----) is not valid; must be …`. */
export function notValid(shown: string, rule: string): string {
  return `${shown} is not valid; must be ${rule}`;
}

/** Formats the problem with a number or duration outside its range: `0 is out of range; must be an integer from 1 to 65535`. */
export function outOfRange(value: unknown, rule: string): string {
  return `${show(value)} is out of range; must be ${rule}`;
}

/**
 * Formats the warning about a value that another one replaces: `"0s" is out of range, using 1s; must be …`.
 *
 * @param what - the value and its problem: `"0s" is out of range`
 */
export function replaced(what: string, used: string, rule: string): string {
  return `${what}, using ${used}; must be ${rule}`;
}

/** {@link problem} as a valibot message. */
export function message(rule: string) {
  return (issue: v.BaseIssue<unknown>) => problem(issue.input, rule);
}

/** {@link secretProblem} as a valibot message. */
export function secretMessage(rule: string) {
  return (issue: v.BaseIssue<unknown>) => secretProblem(issue.input, rule);
}

/** {@link outOfRange} as a valibot message. */
export function rangeMessage(rule: string) {
  return (issue: v.BaseIssue<unknown>) => outOfRange(issue.input, rule);
}
