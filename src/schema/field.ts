/**
 * A field of a YAML or JSON object, a query or a command line, written once: validation, JSON Schema and reference documentation are read
 * from it. A field is a valibot schema that carries its documentation as metadata; valibot is used only in this room.
 */
import * as v from "valibot";
import type { Amend } from "./amend.ts";
import { type JsonSchema, orNull } from "./json-schema.ts";

/** The range of a number or a duration, both ends included; milliseconds for a duration. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** A kind of value: how it is validated, and how documents describe it. */
export interface Value<Schema extends v.GenericSchema = v.GenericSchema> {
  readonly schema: Schema;
  /** For the type column of the reference: `integer`. */
  readonly kind: string;
  /** Allowed values, as the end of an error message: `an integer from 1 to 65535`. */
  readonly rule: string;
  /** Allowed values of this kind, for a table: `1 to 65535`. */
  readonly range: string;
  /** For editors, which check less than the schema does. */
  readonly json: JsonSchema;
  /** The smallest and the largest valid value, as they are read; absent where values have no order. */
  readonly bounds?: Bounds;
  /** Makes an odd value of a file usable before it is validated; absent where none is. */
  readonly amend?: Amend;
  /** Formats a valid value as it is written in a file, without secrets; absent where it is written as it is read. */
  readonly format?: (value: unknown) => unknown;
  /**
   * Secret part of the value, as `A secret`: no message, log, metric, trace or API response shows it; absent for a
   * public value.
   */
  readonly secret?: string;
}

/** A kind of value by the type that it is read into. */
export type ValueOf<Output> = Value<v.GenericSchema<unknown, Output>>;

/** The documentation of a field, attached to its schema. */
export interface FieldFacts extends Omit<Value, "schema"> {
  /** Description of the field, in a sentence or two. */
  readonly about: string;
  /** Effect of an absent field; undefined for a required one. */
  readonly fallback: string | undefined;
}

/** The documentation of a setting besides its value and its default. */
export interface SettingFlags {
  /** Description of the field, in a sentence or two. */
  readonly about: string;
  /** True when a change takes effect at run time, on SIGHUP; otherwise at the next start. */
  readonly reload: boolean;
  /** Reason why the field has no effect, as `has no effect …`: an invalid value of it is only a warning. */
  readonly withoutEffect?: string;
  /** Value of `server.control` with which the field has an effect in spite of {@link withoutEffect}. */
  readonly effectiveWith?: string;
}

/** The documentation of a {@link setting}. */
export interface SettingFacts extends FieldFacts, SettingFlags {
  /** The default, as it is written in the file. */
  readonly default: unknown;
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

/**
 * Makes an optional field whose default is written in the file like any other value; null counts as absent.
 *
 * @param whenAbsent - the default, as it is written in the file
 */
export function setting<Schema extends v.GenericSchema, Default extends v.InferInput<Schema>>(
  value: Value<Schema>,
  whenAbsent: Default,
  flags: SettingFlags,
) {
  const schema = v.nullish(value.schema, whenAbsent);
  const fallback = Array.isArray(whenAbsent) ? whenAbsent.join(" ") || "[]" : String(whenAbsent);
  const facts: SettingFacts = { ...factsOf(value, flags.about, fallback), ...flags, default: whenAbsent };
  return v.pipe(schema, metadata<v.InferOutput<typeof schema>>(facts));
}

function metadata<Input>(facts: FieldFacts) {
  return v.metadata<Input, Readonly<Record<string, unknown>>>({ ...facts });
}

function factsOf({ schema: _, ...value }: Value, about: string, fallback: string | undefined): FieldFacts {
  return { ...value, json: fallback === undefined ? value.json : orNull(value.json), about, fallback };
}

/**
 * Reads the documentation of a field.
 *
 * @param field - made by {@link required}, {@link optional} or {@link setting}
 */
export function fieldFacts(field: v.GenericSchema): FieldFacts {
  // Only the three builders above make fields, and they attach exactly this.
  return v.getMetadata(field) as unknown as FieldFacts;
}

/** The documentation of a field with its name. */
export interface NamedFacts extends FieldFacts {
  readonly name: string;
}

/** Reads the documentation of an object's fields, in their order. */
export function namedFacts(fields: Fields): NamedFacts[] {
  return Object.entries(fields).map(([name, field]) => ({ name, ...fieldFacts(field) }));
}

/**
 * Describes what a field does.
 *
 * @returns sentences, the last one about a secret
 */
export function describeField({ about, secret }: FieldFacts): string {
  return secret === undefined ? about : `${about} ${secret}: never shown.`;
}

/**
 * Reads the documentation of a setting.
 *
 * @param field - made by {@link setting}
 */
export function settingFacts(field: v.GenericSchema): SettingFacts {
  // Only `setting` makes these fields, and it attaches exactly this.
  return v.getMetadata(field) as unknown as SettingFacts;
}
