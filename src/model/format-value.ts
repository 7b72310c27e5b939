/** Foreign values in messages. */
import { printable } from "./printable.ts";

const LONGEST = 60;
const KINDS: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  bigint: "a number",
  object: "an object",
};

/** The first half of a character that was cut in two. */
const HALF_PAIR = /[\ud800-\udbff]$/;

/** A number that must not be shown as what it amounts to: `1.0` is 1, and yet no id. */
export class RawNumber {
  /** @param text - as it stood in the message or file */
  constructor(readonly text: string) {}
}

/** What was thrown, with its stack where there is one: some of the runtime's own errors have none. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.stack === undefined || error.stack === "" ? `${error.name}: ${error.message}` : error.stack;
}

/** What kind of value it is, for one that may be a secret: `a text (not shown)`. */
export function showKind(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null || typeof value === "boolean") return String(value);
  const type = value instanceof RawNumber ? "number" : typeof value;
  const kind = Array.isArray(value) ? "a list" : KINDS[type];
  return `${kind ?? "a value"} (not shown)`;
}

/** Formats a value as JSON, printable and shortened to 60 characters; an absent one is `nothing`. */
export function show(value: unknown): string {
  // Shortened first: nobody waits for the JSON of 60 MB. As JSON a text only grows.
  const text = printable(asText(typeof value === "string" ? value.slice(0, LONGEST + 1) : value));
  return text.length > LONGEST ? `${text.slice(0, LONGEST).replace(HALF_PAIR, "")}…` : text;
}

function asText(value: unknown): string {
  if (value instanceof RawNumber) return value.text;
  // JSON has no words for NaN and Infinity.
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  return JSON.stringify(value) ?? "nothing";
}
