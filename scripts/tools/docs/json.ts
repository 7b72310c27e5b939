/** Pieces of JSON Schema (draft-07, which every editor's YAML support knows). */
import { DURATION_PATTERN } from "../../../src/model/duration.ts";

/** A JSON Schema, or a piece of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** The dialect. */
export const DIALECT = "http://json-schema.org/draft-07/schema#";

/** A duration, of which a pattern cannot tell the range. */
export const DURATION: JsonSchema = { type: "string", pattern: DURATION_PATTERN.source };

/** A value that may also be left out after its key, which YAML reads as null. */
export function orNull(schema: JsonSchema): JsonSchema {
  const { type, enum: words, anyOf } = schema;
  return {
    ...schema,
    ...(type === undefined ? {} : { type: [type, "null"] }),
    ...(Array.isArray(words) ? { enum: [...words, null] } : {}),
    ...(Array.isArray(anyOf) ? { anyOf: [...anyOf, { type: "null" }] } : {}),
  };
}

/** A word in any case, for a pattern: a JSON Schema has no flags. */
export function anyCase(word: string): string {
  return word.replaceAll(/[a-z]/gi, (letter) => `[${letter.toUpperCase()}${letter.toLowerCase()}]`);
}
