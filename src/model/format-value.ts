/** Foreign values in messages. */
import { printable } from "./printable.ts";

const LONGEST = 60;

/** The first half of a character that was cut in two. */
const HALF_PAIR = /[\ud800-\udbff]$/;

/** A number that must not be shown as what it amounts to: `1.0` is 1, and yet no id. */
export class RawNumber {
  /** @param text - as written in the message or file */
  constructor(readonly text: string) {}
}

/** Describes a thrown value, with its stack where there is one: some of the runtime's own errors have none. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.stack === undefined || error.stack === "" ? `${error.name}: ${error.message}` : error.stack;
}

/** Formats a value as JSON, printable and shortened to 60 characters; an absent one is `nothing`. */
export function show(value: unknown): string {
  // Truncated first: the JSON of 60 MB would take long. As JSON a string only grows.
  const text = printable(asText(typeof value === "string" ? value.slice(0, LONGEST + 1) : value));
  return text.length > LONGEST ? `${text.slice(0, LONGEST).replace(HALF_PAIR, "")}…` : text;
}

function asText(value: unknown): string {
  if (value instanceof RawNumber) return value.text;
  // JSON cannot represent NaN and Infinity.
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  return JSON.stringify(value) ?? "nothing";
}
