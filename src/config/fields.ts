/**
 * The kinds of values that a configuration key can have. Each builds a valibot schema out of its default and range, with
 * the sentence that says what is allowed; the reference documentation and the JSON Schema for editors are made from the same
 * facts. What a pattern can say is said by a pattern, because that is all an editor can check.
 */
import * as v from "valibot";
import { LOG_LEVEL_RULE, readLevel } from "../logging/level.ts";
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogThreshold } from "../logging/logger.ts";
import { DURATION_PATTERN, durationRule, formatDuration, parseDuration } from "../model/duration.ts";
import { show } from "../model/format-value.ts";
import { shownUrl } from "../redaction/urls.ts";
import type { Amend, Amended } from "./amend.ts";
import { amendBuckets, MAX_BUCKETS } from "./buckets.ts";
import { decimalHint, MODE_DIGITS, modeWords, ownerMayConnect, readMode } from "./file-mode.ts";

/** What the documentation tells of a key; attached to its schema. */
export interface FieldAbout {
  /** What it does, in a sentence or two. */
  readonly about: string;
  /** Whether a change takes effect on SIGHUP. */
  readonly reload: boolean;
  /** Why the key has no effect; a wrong value of it is then no more than a warning. */
  readonly withoutEffect?: string;
  /** Whether the original server takes any duration here: one out of range is then the nearest, with a warning. */
  readonly isClamped?: boolean;
}

/** {@link FieldAbout} with what the schema itself knows. */
export interface FieldFacts extends FieldAbout {
  readonly kind: FieldKind;
  /** What is allowed, in the words of messages: `give …`. */
  readonly rule: string;
  /** The same, short, for a table: `1ms to 10s`. */
  readonly range: string;
  /** As one writes it in the file. */
  readonly fallback: unknown;
  /** Makes an odd value a usable one before it is judged; absent where nothing can be amended. */
  readonly amend?: Amend;
}

/** What a key takes. */
export type FieldKind =
  | "duration"
  | "integer"
  | "number"
  | "boolean"
  | "choice"
  | "log level"
  | "log format"
  | "text"
  | "URL"
  | "list of numbers"
  | "list of names"
  | "file mode";

/** What a text must look like, and what no pattern can say of it. */
export interface TextForm {
  /** Without flags, which a JSON Schema cannot have. */
  readonly pattern: RegExp;
  readonly holds?: (text: string) => boolean;
  readonly amend?: (text: string) => Amended | undefined;
  /** Whether any text will do, also one that looks like a number. */
  readonly isFree?: boolean;
}

/** Milliseconds; the unit stands in the type, because the key of the file has none. */
export type Milliseconds = number & v.Brand<"Milliseconds">;

/** A message in the words of a rule: `"soon" is not valid; must be …`. */
function message(rule: string) {
  return (issue: v.BaseIssue<unknown>) => `${show(issue.input)} is not valid; must be ${rule}`;
}

function facts(
  known: Pick<FieldFacts, "kind" | "rule" | "range" | "fallback" | "amend">,
  about: FieldAbout,
): Readonly<Record<string, unknown>> {
  return { ...known, ...about } satisfies FieldFacts;
}

/**
 * A duration.
 *
 * @param fallback - as one writes it, `100ms`
 * @param min - smallest allowed, likewise
 * @param max - largest allowed, likewise
 */
export function duration(fallback: string, min: string, max: string, about: FieldAbout) {
  const minMs = parseDuration(min) ?? 0;
  const maxMs = parseDuration(max) ?? Number.POSITIVE_INFINITY;
  const range = `${min} to ${max}`;
  const rule = `${durationRule(minMs, maxMs)}, from ${range}`;
  const allowed = (text: string) => {
    const ms = parseDuration(text);
    return ms !== undefined && ms >= minMs && ms <= maxMs;
  };
  const amend: Amend = (value) => {
    const ms = typeof value === "string" ? parseDuration(value) : undefined;
    if (ms === undefined || (ms >= minMs && ms <= maxMs)) return undefined;
    const nearest = ms < minMs ? min : max;
    return {
      value: nearest,
      warnings: [`${show(value)} is out of range, using ${nearest}; must be ${rule}`],
    };
  };
  return v.pipe(
    v.nullish(
      v.pipe(
        v.string(message(rule)),
        v.regex(DURATION_PATTERN, message(rule)),
        v.check(allowed, message(rule)),
        v.transform((text) => parseDuration(text) ?? 0),
        v.brand("Milliseconds"),
      ),
      fallback,
    ),
    v.metadata(
      facts({ kind: "duration", rule, range, fallback, ...(about.isClamped ? { amend } : {}) }, about),
    ),
  );
}

/** A whole number from `min` to `max`. */
export function integer(fallback: number, min: number, max: number, about: FieldAbout) {
  const rule = `an integer from ${min} to ${max}`;
  return v.pipe(
    v.nullish(
      v.pipe(
        v.number(message(rule)),
        v.integer(message(rule)),
        v.minValue(min, message(rule)),
        v.maxValue(max, message(rule)),
      ),
      fallback,
    ),
    v.metadata(facts({ kind: "integer", rule, range: `${min} to ${max}`, fallback }, about)),
  );
}

/** A number from `min` to `max`. */
export function decimal(fallback: number, min: number, max: number, about: FieldAbout) {
  const rule = `a number from ${min} to ${max}`;
  return v.pipe(
    v.nullish(
      v.pipe(v.number(message(rule)), v.minValue(min, message(rule)), v.maxValue(max, message(rule))),
      fallback,
    ),
    v.metadata(facts({ kind: "number", rule, range: `${min} to ${max}`, fallback }, about)),
  );
}

/** Yes or no. */
export function flag(fallback: boolean, about: FieldAbout) {
  const rule = "true or false";
  return v.pipe(
    v.nullish(v.boolean(message(rule)), fallback),
    v.metadata(facts({ kind: "boolean", rule, range: "true, false", fallback }, about)),
  );
}

/** One of a few words. */
export function choice<const Words extends readonly string[]>(
  words: Words,
  fallback: Words[number],
  about: FieldAbout,
) {
  const rule = `one of ${words.join(", ")}`;
  return v.pipe(
    v.nullish(v.picklist(words, message(rule)), fallback),
    v.metadata(facts({ kind: "choice", rule, range: words.join(", "), fallback }, about)),
  );
}

/**
 * A text.
 *
 * @param rule - what is allowed, as the end of a message: `must be …`
 */
export function text(fallback: string, rule: string, form: TextForm, about: FieldAbout) {
  const { pattern, holds = () => true, amend, isFree = false } = form;
  return v.pipe(
    v.nullish(
      v.pipe(v.string(message(rule)), v.regex(pattern, message(rule)), v.check(holds, message(rule))),
      fallback,
    ),
    v.metadata(
      facts(
        {
          kind: "text",
          rule,
          range: rule,
          fallback,
          amend: (value, source) =>
            typeof value === "string" ? amend?.(value) : isFree ? asText(value, source) : undefined,
        },
        about,
      ),
    ),
  );
}

/** A number or boolean without quotes is text to the original server, as it stands in the file. */
function asText(value: unknown, source: string | undefined): Amended | undefined {
  if (source === undefined || (typeof value !== "number" && typeof value !== "boolean")) return undefined;
  return { value: source, warnings: [`${source} is read as a string; write it in quotes`] };
}

/** The level of the log: a word, or the directives of RUST_LOG. */
export function logLevel(fallback: LogThreshold, about: FieldAbout) {
  const rule = LOG_LEVEL_RULE;
  const amend: Amend = (value, source) => {
    const written = typeof value === "number" ? source : value;
    const read = typeof written === "string" ? readLevel(written) : undefined;
    if (read === undefined) return undefined;
    if (read.level !== undefined) return { value: read.level, warnings: [] };
    const warning = `${show(written)} has no directive for healthcheck_server, using ${fallback}; must be ${rule}`;
    return { value: undefined, warnings: [warning] };
  };
  const words: readonly LogThreshold[] = [...LOG_LEVELS, "off"];
  return v.pipe(
    v.nullish(v.picklist(words, message(rule)), fallback),
    v.metadata(facts({ kind: "log level", rule, range: words.join(", "), fallback, amend }, about)),
  );
}

/** The format of log lines; formats of the original server that there are not give way to the default. */
export function logFormat(fallback: LogFormat, about: FieldAbout) {
  const rule = `one of ${LOG_FORMATS.join(", ")}`;
  const amend: Amend = (value) => {
    if (typeof value !== "string") return undefined;
    const format = LOG_FORMATS.find((known) => known === value.trim().toLowerCase());
    if (format !== undefined) return { value: format, warnings: [] };
    return {
      value: fallback,
      warnings: [`${show(value)} is not supported, using ${fallback}; must be ${rule}`],
    };
  };
  return v.pipe(
    v.nullish(v.picklist(LOG_FORMATS, message(rule)), fallback),
    v.metadata(facts({ kind: "log format", rule, range: LOG_FORMATS.join(", "), fallback, amend }, about)),
  );
}

const HTTP_URL = /^[Hh][Tt][Tt][Pp][Ss]?:\/\//;
/** `collector:4317`, `[::1]:4317` */
const HOST_AND_PORT = /^(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}\/?$/;

/** A host and a port without a scheme, which the original server accepts. */
function amendUrl(value: unknown): Amended | undefined {
  if (typeof value !== "string" || !HOST_AND_PORT.test(value) || !isHttpUrl(`http://${value}`))
    return undefined;
  return { value: `http://${value}`, warnings: [`${show(value)} has no scheme; write http:// before it`] };
}

/**
 * An http or https URL, which may hold a user and a password: those are never shown.
 *
 * @param rule - what is allowed, as the end of a message: `must be …`
 */
export function httpUrl(fallback: string, rule: string, about: FieldAbout) {
  const words = (issue: v.BaseIssue<unknown>) => {
    const shown = typeof issue.input === "string" ? shownUrl(issue.input) : issue.input;
    return `${show(shown)} is not valid; must be ${rule}`;
  };
  return v.pipe(
    v.nullish(v.pipe(v.string(words), v.regex(HTTP_URL, words), v.check(isHttpUrl, words)), fallback),
    v.metadata(facts({ kind: "URL", rule, range: rule, fallback, amend: amendUrl }, about)),
  );
}

/** Upper bounds of histogram buckets. */
export function buckets(fallback: readonly number[], unit: string, about: FieldAbout) {
  const range = `1 to ${MAX_BUCKETS} ascending positive numbers (${unit})`;
  const rule = `a list of ${range}`;
  const ascending = (list: number[]) =>
    list.every((bound, at) => bound > (at === 0 ? 0 : (list[at - 1] ?? 0)));
  return v.pipe(
    v.nullish(
      v.pipe(
        v.array(v.number(message(rule)), message(rule)),
        v.minLength(1, message(rule)),
        v.maxLength(MAX_BUCKETS, message(rule)),
        v.check(ascending, message(rule)),
      ),
      [...fallback],
    ),
    v.metadata(facts({ kind: "list of numbers", rule, range, fallback, amend: amendBuckets }, about)),
  );
}

const MAX_HOST_NAMES = 100;
/** Labels of letters, digits, hyphens and underscores; a name for the Host header has no other. */
const HOST_NAME =
  /^(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*\.?$/;

/** Host names without ports; none by default. */
export function hostNames(about: FieldAbout) {
  const range = `at most ${MAX_HOST_NAMES} host names, without ports`;
  const rule = `a list of ${range}`;
  return v.pipe(
    v.nullish(
      v.pipe(
        v.array(v.pipe(v.string(message(rule)), v.regex(HOST_NAME, message(rule))), message(rule)),
        v.maxLength(MAX_HOST_NAMES, message(rule)),
      ),
      [],
    ),
    v.metadata(facts({ kind: "list of names", rule, range, fallback: [] }, about)),
  );
}

/** An octal file mode, as chmod takes it, with which the owner may connect. */
export function fileMode(fallback: string, about: FieldAbout) {
  const rule = `a file mode of three octal digits, such as ${fallback}`;
  return v.pipe(
    v.nullish(
      v.pipe(
        v.string(message(rule)),
        v.regex(
          MODE_DIGITS,
          ({ input }) => `${show(input)} is not valid; must be ${rule}${decimalHint(input)}`,
        ),
        v.check(
          (digits) => ownerMayConnect(readMode(digits)),
          ({ input }) =>
            `${modeWords(input)} is not valid; must be ${rule}, in which the owner has rw${decimalHint(input)}`,
        ),
        v.transform(readMode),
      ),
      fallback,
    ),
    // YAML reads 0660 as the number 660; what counts is what was written.
    v.metadata(
      facts(
        {
          kind: "file mode",
          rule,
          range: "three octal digits, rw for the owner",
          fallback,
          amend: (value, source) =>
            typeof value === "number" && source !== undefined ? { value: source, warnings: [] } : undefined,
        },
        about,
      ),
    ),
  );
}

/** Whether a text is an http or https URL. */
export function isHttpUrl(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && (url.protocol === "http:" || url.protocol === "https:");
}

/** A value as one writes it in the file, without secrets. */
export function printable(kind: FieldKind, value: unknown): unknown {
  if (kind === "URL" && typeof value === "string") return shownUrl(value);
  if (kind === "duration" && typeof value === "number") return formatDuration(value);
  if (kind === "file mode" && typeof value === "number") return value.toString(8).padStart(4, "0");
  return value;
}
