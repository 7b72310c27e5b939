/** The kinds of values that a healthcheck field takes, each with its validation, its error message and its documentation. */
import * as v from "valibot";
import { HEX_BYTES } from "../model/bytes.ts";
import { DURATION_PATTERN, DURATION_RULE, parseDuration } from "../model/duration.ts";
import { canonicalIp } from "../system/sockaddr.ts";
import type { Value } from "./field.ts";
import { message, problem, rangeMessage, secretMessage } from "./problem.ts";

/** Maximum length of a string field; far above any use. */
export const MAX_CHARS = 8_192;
/** Two digits for each byte, and a separator between any two bytes. */
const MAX_HEX_CHARS = 3 * MAX_CHARS;
const LENGTH_MESSAGE = `too long; must be at most ${MAX_CHARS} characters`;
const STRING_RULE = "a string";
const STRING_JSON = { type: "string", maxLength: MAX_CHARS };
const STRING_RANGE = `at most ${MAX_CHARS} characters`;

/** A string of bounded length. */
export const text = value(
  v.pipe(v.string(message(STRING_RULE)), v.maxLength(MAX_CHARS, LENGTH_MESSAGE)),
  "string",
  STRING_RULE,
  STRING_RANGE,
  STRING_JSON,
);

/** A string of bounded length that no message shows. */
export const secretText = value(
  v.pipe(v.string(secretMessage(STRING_RULE)), v.maxLength(MAX_CHARS, LENGTH_MESSAGE)),
  "string",
  STRING_RULE,
  STRING_RANGE,
  STRING_JSON,
);

/** Makes a string that matches a pattern. @param rule - `an HTTP method` */
export function matching(pattern: RegExp, rule: string) {
  return value(v.pipe(text.schema, v.regex(pattern, message(rule))), "string", rule, rule, STRING_JSON);
}

/** Makes a string that matches a pattern and that no message shows. */
export function secretMatching(pattern: RegExp, rule: string) {
  const schema = v.pipe(secretText.schema, v.regex(pattern, secretMessage(rule)));
  return value(schema, "string", rule, rule, STRING_JSON);
}

/**
 * Makes a string that is read into a canonical form.
 *
 * @param convert - returns undefined for a string that is not valid
 * @param rule - `a host name`
 */
export function converted(convert: (text: string) => string | undefined, rule: string) {
  const schema = v.pipe(
    v.string(message(rule)),
    v.maxLength(MAX_CHARS, message(rule)),
    v.rawTransform<string, string>(({ dataset, addIssue, NEVER }) => {
      const found = convert(dataset.value);
      if (found !== undefined) return found;
      addIssue({ message: problem(dataset.value, rule) });
      return NEVER;
    }),
  );
  return value(schema, "string", rule, rule, STRING_JSON);
}

/** Makes a value that may also be an empty string: Go writes an absent string as an empty one. */
export function orEmpty<Schema extends v.GenericSchema<string, string>>(of: Value<Schema>) {
  return { ...of, schema: v.union([v.literal(""), of.schema], message(of.rule)) };
}

/** Makes one of a few words; an empty string counts as absent. */
export function choice<const Words extends readonly string[]>(words: Words) {
  const rule = `one of ${words.join(", ")}`;
  const schema = v.picklist(["", ...words] as const, message(rule));
  return value(schema, "choice", rule, words.join(", "), { enum: ["", ...words] });
}

const IP_RULE = "an IPv4 or IPv6 address";
/** An IP address, read into its canonical form. */
export const ip: Value<ReturnType<typeof converted>["schema"]> = {
  ...converted(canonicalIp, IP_RULE),
  range: "IPv4 or IPv6 address",
  json: { type: "string" },
};

/** Makes an integer from `min` to `max`; YAML may give it as a bigint. */
export function integer(min: number, max: number) {
  const rule = integerRule(min, max);
  const schema = v.pipe(
    anyInteger(min, max).schema,
    v.minValue(min, rangeMessage(rule)),
    v.maxValue(max, rangeMessage(rule)),
  );
  return value(schema, "integer", rule, `${min} to ${max}`, integerJson(min, max));
}

/** Makes an integer of any size, documented as one from `min` to `max`: the caller brings it into that range. */
export function anyInteger(min: number, max: number) {
  const rule = integerRule(min, max);
  const schema = v.pipe(
    v.union([v.number(), v.bigint()], message(rule)),
    v.transform(Number),
    v.integer(message(rule)),
  );
  return value(schema, "integer", rule, `${min} to ${max}`, integerJson(min, max));
}

function integerRule(min: number, max: number): string {
  return `an integer from ${min} to ${max}`;
}

function integerJson(minimum: number, maximum: number) {
  return { type: "integer", minimum, maximum };
}

/** A TCP or UDP port. */
export const port = integer(1, 65_535);

const FLAG_RULE = "true or false";
/** A boolean. */
export const flag = value(v.boolean(message(FLAG_RULE)), "boolean", FLAG_RULE, "true, false", {
  type: "boolean",
});

const DURATION = `${DURATION_RULE}, above 0 and at most a year`;
/** A duration, read into milliseconds of any sign: Go prints negative ones. The caller brings it into its range. */
export const durationMs = value(
  v.pipe(
    v.string(message(DURATION)),
    v.check((written) => parseSigned(written) !== undefined, message(DURATION)),
    v.transform((written) => parseSigned(written) ?? 0),
  ),
  "duration",
  DURATION,
  "above 0, at most a year",
  { type: "string", pattern: DURATION_PATTERN.source },
);

function parseSigned(written: string): number | undefined {
  const [, sign, rest = written] = /^\s*([-+])(.*)$/s.exec(written) ?? [];
  const ms = parseDuration(rest);
  return ms === undefined || sign !== "-" ? ms : -ms;
}

/** Bytes as hexadecimal digits. */
export const hex = hexValue(message);
/** Bytes as hexadecimal digits that no message shows. */
export const secretHex = hexValue(secretMessage);

function hexValue(messageOf: typeof message) {
  const rule = "bytes as pairs of hexadecimal digits";
  const schema = v.pipe(
    v.string(messageOf(rule)),
    v.maxLength(MAX_HEX_CHARS, `too long; must be at most ${MAX_CHARS} bytes`),
    v.regex(HEX_BYTES, messageOf(rule)),
  );
  const range = `pairs of hexadecimal digits, blanks and colons between them, at most ${MAX_CHARS} bytes`;
  const json = {
    anyOf: [
      { type: "string", pattern: HEX_BYTES.source, maxLength: MAX_HEX_CHARS },
      // YAML may read digits without quotes as a number.
      { type: "number", minimum: 0 },
    ],
  };
  return { ...value(schema, "string", rule, range, json), isDigits: true };
}

/** Makes a list of at most `max` elements; its length is checked before its elements. */
export function list<Schema extends v.GenericSchema>(
  of: Value<Schema>,
  plural: string,
  range: string,
  max: number,
) {
  const rule = `a list of at most ${max} ${plural}`;
  const schema = v.pipe(
    v.custom<unknown[]>(Array.isArray, message(rule)),
    v.maxLength(max, `too long; must be ${rule}`),
    v.array(of.schema),
  );
  const json = { type: "array", maxItems: max, items: of.json };
  return value(schema, `list of ${plural}`, rule, `${range}; at most ${max}`, json);
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
    v.record(name.schema, item.schema),
  );
  const json = { type: "object", propertyNames: name.json, additionalProperties: item.json };
  return value(schema, "map of strings", rule, rule, json);
}

function value<Schema extends v.GenericSchema>(
  schema: Schema,
  kind: string,
  rule: string,
  range: string,
  json: Value["json"],
): Value<Schema> {
  return { schema, kind, rule, range, json };
}
