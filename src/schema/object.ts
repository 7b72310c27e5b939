/** Objects of fields, and how a foreign value is read as one: every error at once, one for each wrong value. */
import * as v from "valibot";
import { type Fields, fieldFacts, type ValueOf } from "./field.ts";
import type { FieldProblem } from "./problem.ts";

/** The values of an object's fields, defaults filled in. */
export type FieldValues<Entries extends Fields> = v.InferOutput<v.ObjectSchema<Entries, undefined>>;

/** A value that was read, or every error in it. */
export type ReadResult<Output> =
  | { readonly ok: true; readonly value: Output }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

/** Reads a foreign value. */
export type Reader<Output> = (input: unknown) => ReadResult<Output>;

/**
 * Makes the reader of an object. An absent required field is reported as `missing; must be RULE`. Unknown fields are dropped.
 *
 * @param fields - made by the builders of field.ts
 */
export function objectReader<const Entries extends Fields>(fields: Entries): Reader<FieldValues<Entries>> {
  return readerOf(objectOf(fields));
}

/**
 * Makes the reader of an object of objects, as a file with sections. Any section may be absent, null or empty.
 *
 * @param sections - the fields of each section
 */
export function sectionsReader<const Sections extends Readonly<Record<string, Fields>>>(
  sections: Sections,
): Reader<{ [Name in keyof Sections]: FieldValues<Sections[Name]> }> {
  const entries = Object.entries(sections).map(([name, fields]) => [name, v.nullish(objectOf(fields), {})]);
  // The entries are built from these very sections, which the type of a mapped list cannot say.
  return readerOf(v.object(Object.fromEntries(entries))) as Reader<{
    [Name in keyof Sections]: FieldValues<Sections[Name]>;
  }>;
}

/** Makes the reader of a single field or kind of value. */
export function readerOf<Schema extends v.GenericSchema>(schema: Schema): Reader<v.InferOutput<Schema>> {
  return (input) => {
    const { success, output, issues } = v.safeParse(schema, input, ONE_EACH);
    return success ? { ok: true, value: output } : { ok: false, problems: issues.map(problemOf) };
  };
}

/** Reads a foreign value as one kind of value. */
export function readValue<Output>({ schema }: ValueOf<Output>, input: unknown): ReadResult<Output> {
  return readerOf(schema)(input);
}

/** A value that is not an integer is not also reported as out of range. */
const ONE_EACH = { abortPipeEarly: true };

function objectOf<const Entries extends Fields>(fields: Entries) {
  return v.object(fields, ({ path }) => {
    const field = fields[String(path?.[0].key)];
    return field === undefined ? "missing" : `missing; must be ${fieldFacts(field).rule}`;
  });
}

function problemOf({ path, message }: v.BaseIssue<unknown>): FieldProblem {
  return { path: (path ?? []).map(({ key }) => (typeof key === "number" ? key : String(key))), message };
}
