/** Foreign values in messages. */

const LONGEST = 60;
const KINDS: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  bigint: "a number",
  object: "an object",
};

/** A number that must not be shown as what it amounts to: `1.0` is 1, and yet no id. */
export class NumberAsWritten {
  /** @param text - as it stood in the message or file */
  constructor(readonly text: string) {}
}

/** What was thrown, with its stack where there is one: some of the runtime's own errors have none. */
export function errorWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.stack === undefined || error.stack === "" ? `${error.name}: ${error.message}` : error.stack;
}

/** What kind of value it is, for one that may be a secret: `a text (not shown)`. */
export function showKind(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null || typeof value === "boolean") return String(value);
  const type = value instanceof NumberAsWritten ? "number" : typeof value;
  const kind = Array.isArray(value) ? "a list" : KINDS[type];
  return `${kind ?? "a value"} (not shown)`;
}

/** A value as JSON, shortened; `nothing` for what is not there. */
export function show(value: unknown): string {
  const text = asText(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

function asText(value: unknown): string {
  if (value instanceof NumberAsWritten) return value.text;
  // JSON has no words for NaN and Infinity.
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  return JSON.stringify(value) ?? "nothing";
}
