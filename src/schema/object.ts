/** Objects of fields, and how a foreign value is read as one: all errors together, one for each wrong value. */
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
  const readWhole = readerOf(objectOf(fields));
  const entries = Object.entries(fields).map(([name, field]) => new Entry(name, field));
  return (input) => {
    if (typeof input !== "object" || input === null) return readWhole(input);
    const values: Record<string, unknown> = {};
    const problems: FieldProblem[] = [];
    for (const entry of entries) entry.read(input, values, problems);
    // The entries read the values that the library's reader of the whole object would.
    return problems.length > 0
      ? { ok: false, problems }
      : { ok: true, value: values as FieldValues<Entries> };
  };
}

/** One field of an object. A set has 10,000 objects, most of whose fields are absent: the value of an absent one is read once. */
class Entry {
  readonly #name: string;
  readonly #read: Reader<unknown>;
  readonly #absent: ReadResult<Readonly<Record<string, unknown>>>;
  /** True when an absent field has a value. */
  readonly #isFilled: boolean;
  readonly #whenAbsent: unknown;

  constructor(name: string, field: v.GenericSchema) {
    this.#name = name;
    this.#read = readerOf(field);
    this.#absent = readerOf(objectOf({ [name]: field }))({});
    this.#isFilled = this.#absent.ok && name in this.#absent.value;
    this.#whenAbsent = this.#absent.ok ? this.#absent.value[name] : undefined;
  }

  /** Adds the field's value or its errors. */
  read(input: object, values: Record<string, unknown>, problems: FieldProblem[]): void {
    const name = this.#name;
    if (name in input) {
      // TypeScript does not follow the line above for a name that it does not know.
      const result = this.#read((input as Readonly<Record<string, unknown>>)[name]);
      if (result.ok) values[name] = result.value;
      else for (const { path, message } of result.problems) problems.push({ path: [name, ...path], message });
    } else if (this.#isFilled) values[name] = this.#whenAbsent;
    else if (!this.#absent.ok) problems.push(...this.#absent.problems);
  }
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
