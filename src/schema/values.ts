/** The kinds of values that a field takes, each with its validation, its error message and its documentation. */
import * as v from "valibot";
import { HEX_BYTES } from "../model/bytes.ts";
import { canonicalIp } from "../system/sockaddr.ts";
import { numberAsWritten } from "./amend.ts";
import type { Value } from "./field.ts";
import type { JsonSchema } from "./json-schema.ts";
import { message, problem, rangeMessage, secretMessage } from "./problem.ts";

/** Maximum length of a string field of a healthcheck; far above any use. */
export const MAX_CHARS = 8_192;
/** Maximum length of data that a check sends or expects: Google's health checker has no limit. */
export const MAX_PAYLOAD_CHARS = 131_072;
/** Two digits for each byte, and a separator between any two bytes. */
const MAX_HEX_CHARS = 3 * MAX_PAYLOAD_CHARS;
const LENGTH_MESSAGE = `too long; must be at most ${MAX_CHARS} characters`;
const SECRET = "A secret";
const STRING_RULE = "a string";
const STRING_JSON = { type: "string", maxLength: MAX_CHARS };

/** A string of bounded length. */
export const text = value(v.pipe(v.string(message(STRING_RULE)), v.maxLength(MAX_CHARS, LENGTH_MESSAGE)), {
  kind: "string",
  rule: STRING_RULE,
  range: `at most ${MAX_CHARS} characters`,
  json: STRING_JSON,
});

/** A string of bounded length that no message shows. */
export const secretText = {
  ...text,
  schema: v.pipe(v.string(secretMessage(STRING_RULE)), v.maxLength(MAX_CHARS, LENGTH_MESSAGE)),
  secret: SECRET,
};

/** Data that a check expects, as text. */
export const payloadText = longText(message);
/** Data that a check sends, as text that no message shows. */
export const secretPayloadText = { ...longText(secretMessage), secret: SECRET };

function longText(messageOf: typeof message) {
  const range = `at most ${MAX_PAYLOAD_CHARS} characters`;
  const schema = v.pipe(
    v.string(messageOf(STRING_RULE)),
    v.maxLength(MAX_PAYLOAD_CHARS, `too long; must be ${range}`),
  );
  const json = { type: "string", maxLength: MAX_PAYLOAD_CHARS };
  return value(schema, { kind: "string", rule: STRING_RULE, range, json });
}

/** Makes a string of at most `maxBytes` bytes in UTF-8, less than {@link MAX_CHARS}. */
export function bytesText(maxBytes: number) {
  return ofBytes(text, maxBytes);
}

/** {@link bytesText} that no message shows. */
export function secretBytesText(maxBytes: number) {
  return { ...ofBytes(secretText, maxBytes), secret: SECRET };
}

function ofBytes(of: Value<v.GenericSchema<string, string>>, maxBytes: number) {
  const range = `at most ${maxBytes} bytes`;
  const fits = (found: string) => Buffer.byteLength(found) <= maxBytes;
  const schema = v.pipe(of.schema, v.check(fits, `too long; must be ${range}`));
  // No character is shorter than a byte.
  return value(schema, {
    kind: of.kind,
    rule: of.rule,
    range,
    json: { type: "string", maxLength: maxBytes },
  });
}

/** Makes a string that matches a pattern. @param rule - `an HTTP method` */
export function matching(pattern: RegExp, rule: string) {
  const schema = v.pipe(text.schema, v.regex(pattern, message(rule)));
  return value(schema, { kind: "string", rule, range: rule, json: STRING_JSON });
}

/** Makes a string that matches a pattern and that no message shows. */
export function secretMatching(pattern: RegExp, rule: string) {
  const schema = v.pipe(secretText.schema, v.regex(pattern, secretMessage(rule)));
  return { ...value(schema, { kind: "string", rule, range: rule, json: STRING_JSON }), secret: SECRET };
}

/**
 * Makes a string of a form that editors check too, of any length unless the pattern bounds it.
 *
 * @param pattern - without flags, which a JSON Schema cannot have
 * @param rule - `the path of a Unix socket`
 * @param holds - what no pattern can say
 * @param messageOf - the valibot message of an invalid value
 */
export function patterned(
  pattern: RegExp,
  rule: string,
  holds: (text: string) => boolean = () => true,
  messageOf: typeof message = message,
) {
  const schema = v.pipe(
    v.string(messageOf(rule)),
    v.regex(pattern, messageOf(rule)),
    v.check(holds, messageOf(rule)),
  );
  return value(schema, {
    kind: "string",
    rule,
    range: rule,
    json: { type: "string", pattern: pattern.source },
  });
}

/**
 * Makes a value that a function reads.
 *
 * @param convert - returns undefined for an input that is not valid
 * @param problemOf - the error message
 */
export function custom<Input, Output>(
  facts: Omit<Value, "schema">,
  convert: (input: unknown) => Output | undefined,
  problemOf: (input: unknown, rule: string) => string = problem,
) {
  const schema = v.pipe(
    v.unknown(),
    v.rawTransform<unknown, Output>(({ dataset, addIssue, NEVER }) => {
      const found = convert(dataset.value);
      if (found !== undefined) return found;
      addIssue({ message: problemOf(dataset.value, facts.rule) });
      return NEVER;
    }),
  );
  // The static type of what may be written, for defaults; whether it is written is checked by `convert`.
  return value(schema as unknown as v.GenericSchema<Input, Output>, facts);
}

/**
 * Makes a string that is read into a canonical form.
 *
 * @param convert - returns undefined for a string that is not valid
 * @param rule - `a host name`
 */
export function converted(convert: (text: string) => string | undefined, rule: string) {
  return custom<string, string>({ kind: "string", rule, range: rule, json: STRING_JSON }, (input) =>
    typeof input === "string" && input.length <= MAX_CHARS ? convert(input) : undefined,
  );
}

/** Makes a value that may also be an empty string: Go writes an absent string as an empty one. */
export function orEmpty<Schema extends v.GenericSchema<string, string>>(of: Value<Schema>) {
  return { ...of, schema: v.union([v.literal(""), of.schema], message(of.rule)) };
}

/** Makes one of a few words. */
export function oneOf<const Words extends readonly string[]>(words: Words) {
  const rule = `one of ${words.join(", ")}`;
  const schema = v.picklist(words, message(rule));
  return value(schema, { kind: "choice", rule, range: words.join(", "), json: { enum: [...words] } });
}

/** Makes one of a few words; an empty string counts as absent. */
export function choice<const Words extends readonly string[]>(words: Words) {
  const word = oneOf(words);
  const schema = v.picklist(["", ...words] as const, message(word.rule));
  return { ...word, schema, json: { enum: ["", ...words] } };
}

/**
 * Makes a word that may be written in any case.
 *
 * @param word - takes the word in capitals
 * @param json - for editors
 */
export function inAnyCase<Schema extends v.GenericSchema<string>>(word: Value<Schema>, json: JsonSchema) {
  return { ...word, schema: v.pipe(text.schema, v.toUpperCase(), word.schema), json };
}

/** An IP address, read into its canonical form. */
export const ip = {
  ...converted(canonicalIp, "an IPv4 or IPv6 address"),
  range: "IPv4 or IPv6 address",
  json: { type: "string" },
};

/** Makes an integer from `min` to `max`; YAML may give it as a bigint. */
export function integer(min: number, max: number) {
  const any = anyInteger(min, max);
  const schema = v.pipe(
    any.schema,
    v.minValue(min, rangeMessage(any.rule)),
    v.maxValue(max, rangeMessage(any.rule)),
  );
  return { ...any, schema, bounds: { min, max } };
}

/** Makes an integer of any size, documented as one from `min` to `max`: the caller brings it into that range. */
export function anyInteger(minimum: number, maximum: number) {
  const range = `${minimum} to ${maximum}`;
  const rule = `an integer from ${range}`;
  const schema = v.pipe(
    v.union([v.number(), v.bigint()], message(rule)),
    v.transform(Number),
    v.integer(message(rule)),
  );
  return value(schema, { kind: "integer", rule, range, json: { type: "integer", minimum, maximum } });
}

/** Makes a number from `min` to `max`, with or without fractions. */
export function decimal(minimum: number, maximum: number) {
  const range = `${minimum} to ${maximum}`;
  const rule = `a number from ${range}`;
  const schema = v.pipe(
    v.union([v.number(), v.bigint()], message(rule)),
    v.transform(Number),
    v.minValue(minimum, rangeMessage(rule)),
    v.maxValue(maximum, rangeMessage(rule)),
  );
  return value(schema, { kind: "number", rule, range, json: { type: "number", minimum, maximum } });
}

/** A TCP or UDP port. */
export const port = integer(1, 65_535);

const FLAG_RULE = "true or false";
/** A boolean. */
export const flag = value(v.boolean(message(FLAG_RULE)), {
  kind: "boolean",
  rule: FLAG_RULE,
  range: "true, false",
  json: { type: "boolean" },
});

/** Bytes as hexadecimal digits. */
export const hex = hexValue(message);
/** Bytes as hexadecimal digits that no message shows. */
export const secretHex = { ...hexValue(secretMessage), secret: SECRET };

function hexValue(messageOf: typeof message) {
  const rule = "bytes as pairs of hexadecimal digits";
  const schema = v.pipe(
    v.string(messageOf(rule)),
    v.maxLength(MAX_HEX_CHARS, `too long; must be at most ${MAX_PAYLOAD_CHARS} bytes`),
    v.regex(HEX_BYTES, messageOf(rule)),
  );
  const range = `pairs of hexadecimal digits, blanks and colons between them, at most ${MAX_PAYLOAD_CHARS} bytes`;
  const json = {
    anyOf: [
      { type: "string", pattern: HEX_BYTES.source, maxLength: MAX_HEX_CHARS },
      // YAML may read digits without quotes as a number.
      { type: "number", minimum: 0 },
    ],
  };
  return value(schema, { kind: "string", rule, range, json, amend: numberAsWritten });
}

/** Makes a value for which a condition holds besides its own. @param rule - of the whole */
export function checked<Input, Output>(
  of: Value<v.GenericSchema<Input, Output>>,
  holds: (value: Output) => boolean,
  rule: string,
): Value<v.GenericSchema<Input, Output>> {
  return { ...of, rule, schema: v.pipe(of.schema, v.check(holds, message(rule))) };
}

/**
 * Makes a list of at most `max` elements; its length is checked before its elements.
 *
 * @param plural - what it holds: `integers`
 * @param range - of an element, for a table
 */
export function list<Schema extends v.GenericSchema>(
  of: Value<Schema>,
  plural: string,
  range: string,
  max: number,
  rule = `a list of at most ${max} ${plural}`,
) {
  const schema = v.pipe(
    v.custom<v.InferInput<Schema>[]>(Array.isArray, message(rule)),
    v.maxLength(max, `too long; must be ${rule}`),
    v.array(of.schema),
  );
  return value(schema, {
    kind: `list of ${plural}`,
    rule,
    range: `${range}; at most ${max}`,
    json: { type: "array", maxItems: max, items: of.json },
  });
}

/**
 * Makes one value or a list of at most `max` of them, read into a list.
 *
 * @param plural - what it holds: `integers`
 * @param range - of an element, for a table
 */
export function oneOrList<Input, Output>(
  of: Value<v.GenericSchema<Input, Output>>,
  plural: string,
  range: string,
  max: number,
): Value<v.GenericSchema<Input | Input[], Output[]>> {
  const many = list(of, plural, range, max);
  const one = v.pipe(
    of.schema,
    v.transform((found) => [found]),
  );
  const schema = v.lazy<v.GenericSchema<Input | Input[], Output[]>>(
    (input) =>
      // The static type of what may be written; whether it is written is checked by the schemas.
      (Array.isArray(input) ? many.schema : one) as v.GenericSchema<Input | Input[], Output[]>,
  );
  const rule = `${of.rule} or ${many.rule}`;
  return value(schema, {
    ...many,
    kind: `${of.kind} or ${many.kind}`,
    rule,
    json: { anyOf: [of.json, many.json] },
  });
}

/** Makes a map of secret strings by their names. @param plural - what it holds: `headers` */
export function secretMap<
  Name extends v.GenericSchema<string, string>,
  Item extends v.GenericSchema<string, string>,
>(name: Value<Name>, item: Value<Item>, plural: string, max: number) {
  const rule = `a map of at most ${max} ${plural}`;
  const isMap = (given: unknown) => typeof given === "object" && given !== null && !Array.isArray(given);
  const schema = v.pipe(
    v.custom<Record<string, unknown>>(isMap, secretMessage(rule)),
    v.check((map) => Object.keys(map).length <= max, `too long; must be ${rule}`),
    // `v.record` leaves out the names that a plain assignment would misuse, such as `constructor`, without a word.
    v.rawTransform(({ dataset, addIssue, NEVER }): Record<string, string> => {
      const input = dataset.value;
      const read: [string, string][] = [];
      let isValid = true;
      for (const [key, value] of Object.entries(input)) {
        const named = v.safeParse(name.schema, key);
        const found = v.safeParse(item.schema, value);
        if (named.success && found.success) read.push([named.output, found.output]);
        else isValid = false;
        const path = { type: "object" as const, input, key, value };
        for (const { message } of named.issues ?? [])
          addIssue({ message, path: [{ ...path, origin: "key" }] });
        for (const { message } of found.issues ?? [])
          addIssue({ message, path: [{ ...path, origin: "value" }] });
      }
      return isValid ? Object.fromEntries(read) : NEVER;
    }),
  );
  const json = { type: "object", propertyNames: name.json, additionalProperties: item.json };
  return {
    ...value(schema, { kind: "map of strings", rule, range: rule, json }),
    secret: "Their values are secrets",
  };
}

/** Makes a value that is validated where it is used. */
export function unchecked(facts: Omit<Value, "schema">): Value<v.UnknownSchema> {
  return value(v.unknown(), facts);
}

function value<Schema extends v.GenericSchema>(schema: Schema, facts: Omit<Value, "schema">): Value<Schema> {
  return { ...facts, schema };
}
