/** Foreign values in messages. */

const LONGEST = 60;

/** What was thrown, with its stack where there is one: some of the runtime's own errors have none. */
export function errorWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.stack === undefined || error.stack === "" ? `${error.name}: ${error.message}` : error.stack;
}

/** A value as JSON, shortened; `nothing` for what is not there. */
export function show(value: unknown): string {
  const text = typeof value === "bigint" ? value.toString() : (JSON.stringify(value) ?? "nothing");
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
