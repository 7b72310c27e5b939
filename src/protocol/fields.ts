/** Building blocks of the CONFIG schema: what a field may be, with a message that says so. */
import * as v from "valibot";
import { HEX_BYTES } from "../model/bytes.ts";
import { DURATION_RULE, parseDuration } from "../model/duration.ts";
import { RawNumber, show, showKind } from "../model/format-value.ts";
import { type HealthcheckId, ID_RULE, parseId } from "../model/id.ts";
import { sentence } from "../model/printable.ts";
import { canonicalIp } from "../system/sockaddr.ts";

/** Maximum length of an id in a message about it. */
const MAX_ID_BYTES = 64;
/** Longest text of any field; far more than anybody needs. */
const MAX_CHARS = 8_192;

/**
 * `70000 is not allowed: must be a whole number from 1 to 65535`. What is given in the wrong place may be a secret: a list or an
 * object, or a URL with a user or a query, is not shown.
 */
export function notAllowed(value: unknown, words: string): string {
  return `${mayTell(value) ? show(value) : showKind(value)} is not allowed: must be ${words}`;
}

function mayTell(value: unknown): boolean {
  if (typeof value === "string") return !/[@?]/.test(value);
  return typeof value !== "object" || value === null || value instanceof RawNumber;
}

/** {@link notAllowed} for a field whose values are secrets. */
export function secretNotAllowed(value: unknown, words: string): string {
  return `${showKind(value)} is not allowed: must be ${words}`;
}

/** {@link notAllowed} as valibot wants it. */
export function rule(words: string) {
  return (issue: v.BaseIssue<unknown>) => notAllowed(issue.input, words);
}

/** {@link secretNotAllowed} as valibot wants it. */
export function secretRule(words: string) {
  return (issue: v.BaseIssue<unknown>) => secretNotAllowed(issue.input, words);
}

const idRule = rule(ID_RULE);

const digitsToId = v.rawTransform<string, HealthcheckId>(({ dataset, addIssue, NEVER }) => {
  const id = parseId(dataset.value);
  if (id !== undefined) return id;
  addIssue({ message: `${sentence(dataset.value, MAX_ID_BYTES)} is not allowed: must be ${ID_RULE}` });
  return NEVER;
});

/** An id that came as a number (a bigint, see codec.ts). */
export const idNumber = v.pipe(v.bigint(idRule), v.transform(String), digitsToId);
/** An id that came as a number or in quotes, as a YAML file may have it. */
export const idNumberOrText = v.pipe(
  v.union([v.bigint(), v.string()], idRule),
  v.transform(String),
  digitsToId,
);

const DURATION = rule(`${DURATION_RULE}, above 0 and at most a year`);
/** A duration in milliseconds, maybe 0 or below it as Go may print one; pace.ts amends what is out of range. */
export const durationMs = v.pipe(
  v.string(DURATION),
  v.check((text) => parseSigned(text) !== undefined, DURATION),
  v.transform((text) => parseSigned(text) ?? 0),
);

function parseSigned(text: string): number | undefined {
  const [, sign, rest = text] = /^\s*([-+])(.*)$/s.exec(text) ?? [];
  const ms = parseDuration(rest);
  return ms === undefined || sign !== "-" ? ms : -ms;
}

/** A whole number that is meant to lie between `min` and `max`; pace.ts amends one that does not. */
export function anyCount(min: number, max: number) {
  const message = rule(`a whole number from ${min} to ${max}`);
  return v.pipe(v.union([v.number(), v.bigint()], message), v.transform(Number), v.integer(message));
}

/** A whole number from `min` to `max`; YAML may give it as a bigint. */
export function count(min: number, max: number) {
  const message = rule(`a whole number from ${min} to ${max}`);
  return v.pipe(
    v.union([v.number(), v.bigint()], message),
    v.transform(Number),
    v.integer(message),
    v.minValue(min, message),
    v.maxValue(max, message),
  );
}

/** What an address must be, in the words of messages. */
export const IP_WORDS = "an IPv4 or IPv6 address";
/** An IP address in canonical form. */
export const ip = converted(canonicalIp, IP_WORDS);

/** A TCP or UDP port. */
export const port = count(1, 65_535);

/** A text of bounded length. */
export const text = v.pipe(
  v.string(rule("text")),
  v.maxLength(MAX_CHARS, `must be at most ${MAX_CHARS} characters`),
);

/** A text in the form that `convert` gives it; refused when that is none. */
export function converted(convert: (text: string) => string | undefined, words: string) {
  return v.pipe(
    v.string(rule(words)),
    v.maxLength(MAX_CHARS, rule(words)),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const value = convert(dataset.value);
      if (value !== undefined) return value;
      addIssue({ message: notAllowed(dataset.value, words) });
      return NEVER;
    }),
  );
}

/** A text that is never told again. */
export const secretText = v.pipe(
  v.string(secretRule("text")),
  v.maxLength(MAX_CHARS, `must be at most ${MAX_CHARS} characters`),
);

/** A text that matches a pattern. */
export function pattern(regex: RegExp, words: string) {
  return v.pipe(text, v.regex(regex, rule(words)));
}

/** {@link secretText} that matches a pattern. */
export function secretPattern(regex: RegExp, words: string) {
  return v.pipe(secretText, v.regex(regex, secretRule(words)));
}

const HEX_RULE = "bytes as pairs of hexadecimal digits";
/** With a sign between any two bytes. */
const MAX_HEX_CHARS = 3 * MAX_CHARS;

/** Bytes as hexadecimal digits. @param rule - whether the message shows the value */
function hex(hexRule: (issue: v.BaseIssue<unknown>) => string) {
  return v.pipe(
    v.string(hexRule),
    v.maxLength(MAX_HEX_CHARS, `must be at most ${MAX_CHARS} bytes`),
    v.regex(HEX_BYTES, hexRule),
  );
}

/** Bytes as hexadecimal digits. */
export const hexText = hex(rule(HEX_RULE));
/** {@link hexText} that is never told again. */
export const secretHexText = hex(secretRule(HEX_RULE));

/** Yes or no. */
export const flag = v.boolean(rule("true or false"));

/** A list of bounded length; Go writes an empty one as null. Its length is checked before its elements. */
export function list<const Item extends v.GenericSchema>(item: Item, most: number) {
  const message = rule(`a list of at most ${most}`);
  return v.nullish(
    v.pipe(
      v.custom<unknown[]>(Array.isArray, message),
      v.maxLength(most, `must hold at most ${most} elements`),
      v.array(item),
    ),
    [],
  );
}
