/**
 * A field of a YAML or JSON object, written once: validation, JSON Schema and reference documentation are read from it. A field is a
 * valibot schema that carries its documentation as metadata.
 */
import * as v from "valibot";
import { type JsonSchema, orNull } from "./json-schema.ts";

/** A kind of value: how it is validated, and how documents describe it. */
export interface Value<Schema extends v.GenericSchema = v.GenericSchema> {
  readonly schema: Schema;
  /** For the type column of the reference: `integer`. */
  readonly kind: string;
  /** What is allowed, as the end of a message: `an integer from 1 to 65535`. */
  readonly rule: string;
  /** What is allowed of this kind, for a table: `1 to 65535`. */
  readonly range: string;
  /** For editors, which check less than the schema does. */
  readonly json: JsonSchema;
  /** Whether the value consists of digits that YAML may read as a number; its text in the file is used then. */
  readonly isDigits?: boolean;
}

/** The documentation of a field, attached to its schema. */
export interface FieldFacts extends Omit<Value, "schema"> {
  /** What the field does, in a sentence or two. */
  readonly about: string;
  /** What holds when the field is absent; undefined for a required field. */
  readonly fallback: string | undefined;
}

/** The fields of an object by their names. */
export type Fields = Readonly<Record<string, v.GenericSchema>>;

/**
 * Makes a required field.
 *
 * @param about - what it does, in a sentence or two
 */
export function required<Schema extends v.GenericSchema>(value: Value<Schema>, about: string) {
  return v.pipe(value.schema, metadata<v.InferOutput<Schema>>(factsOf(value, about, undefined)));
}

/**
 * Makes an optional field; null counts as absent.
 *
 * @param whenAbsent - the value that an absent field has
 * @param fallback - what an absent field means, for the reference: `any`
 * @param about - what it does, in a sentence or two
 */
export function optional<Schema extends v.GenericSchema, Default extends v.InferInput<Schema> | undefined>(
  value: Value<Schema>,
  whenAbsent: Default,
  fallback: string,
  about: string,
) {
  const schema = v.nullish(value.schema, whenAbsent);
  return v.pipe(schema, metadata<v.InferOutput<typeof schema>>(factsOf(value, about, fallback)));
}

function metadata<Input>(facts: FieldFacts) {
  return v.metadata<Input, Readonly<Record<string, unknown>>>({ ...facts });
}

function factsOf({ kind, rule, range, json, isDigits }: Value, about: string, fallback: string | undefined) {
  const allowed = fallback === undefined ? json : orNull(json);
  return {
    ...{ kind, rule, range, json: allowed, about, fallback },
    ...(isDigits === undefined ? {} : { isDigits }),
  } satisfies FieldFacts;
}

/**
 * Reads the documentation of a field.
 *
 * @param field - made by {@link required} or {@link optional}
 */
export function fieldFacts(field: v.GenericSchema): FieldFacts {
  // Only the two builders above make fields, and they attach exactly this.
  return v.getMetadata(field) as unknown as FieldFacts;
}

/**
 * Makes the schema of an object whose absent required fields are reported as `missing; must be RULE`. Unknown fields are dropped.
 *
 * @param fields - made by {@link required} or {@link optional}
 */
export function objectOf<const Entries extends Fields>(fields: Entries) {
  return v.object(fields, ({ path }) => {
    const field = fields[String(path?.[0].key)];
    return field === undefined ? "missing" : `missing; must be ${fieldFacts(field).rule}`;
  });
}
