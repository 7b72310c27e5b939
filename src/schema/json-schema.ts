/** Pieces of JSON Schema (draft-07, which the YAML support of every editor reads). */

/** A JSON Schema, or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * Allows null besides the values of a schema: YAML reads a key without a value as null.
 *
 * @param schema - with `type`, `enum` or `anyOf`
 */
export function orNull(schema: JsonSchema): JsonSchema {
  const { type, enum: words, anyOf } = schema;
  return {
    ...schema,
    ...(type === undefined ? {} : { type: [type, "null"] }),
    ...(Array.isArray(words) ? { enum: [...words, null] } : {}),
    ...(Array.isArray(anyOf) ? { anyOf: [...anyOf, { type: "null" }] } : {}),
  };
}

/** Turns a word into a pattern that matches it in any case: a JSON Schema pattern has no flags. */
export function anyCase(word: string): string {
  return word.replaceAll(/[a-z]/gi, (letter) => `[${letter.toUpperCase()}${letter.toLowerCase()}]`);
}
