/** Invalid values in messages: a value in the wrong place may be a secret, so only harmless kinds of values are repeated. */
import { RawNumber, show } from "../model/format-value.ts";
import { NOT_SHOWN } from "./marks.ts";

/** Forms that only the name of a field has, and no header with its value. */
const FIELD_NAME = /^[A-Za-z_-]{1,30}$/;
const KINDS: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  bigint: "a number",
  object: "an object",
};

/** Formats the kind of a value that may be a secret, without the value: `a string (not shown)`. */
export function showKind(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null || typeof value === "boolean") return String(value);
  const type = value instanceof RawNumber ? "number" : typeof value;
  const kind = Array.isArray(value) ? "a list" : KINDS[type];
  return `${kind ?? "a value"} ${NOT_SHOWN}`;
}

/**
 * Formats a value that should not be a secret, or only its kind where it may be one: a list or an object, a URL with a login or a query.
 *
 * @param value - of a field that is not itself secret
 */
export function showUnlessSecret(value: unknown): string {
  return mayShow(value) ? show(value) : showKind(value);
}

function mayShow(value: unknown): boolean {
  if (typeof value === "string") return !/[@?]/.test(value);
  return typeof value !== "object" || value === null || value instanceof RawNumber;
}

/**
 * Reports whether a field's name may be shown. An invalid name may be a whole header line, including its secret value.
 *
 * @param name - the key of a map that should be a field's name
 */
export function mayShowFieldName(name: string): boolean {
  return FIELD_NAME.test(name);
}
