/** Foreign values in messages. */

const LONGEST = 60;
const KINDS: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  bigint: "a number",
  object: "an object",
};

/** What was thrown, with its stack where there is one: some of the runtime's own errors have none. */
export function errorWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.stack === undefined || error.stack === "" ? `${error.name}: ${error.message}` : error.stack;
}

/** What kind of value it is, for one that may be a secret: `a text (not shown)`. */
export function showKind(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null || typeof value === "boolean") return String(value);
  const kind = Array.isArray(value) ? "a list" : KINDS[typeof value];
  return `${kind ?? "a value"} (not shown)`;
}

/** A value as JSON, shortened; `nothing` for what is not there. */
export function show(value: unknown): string {
  const text = typeof value === "bigint" ? value.toString() : (JSON.stringify(value) ?? "nothing");
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
