/** Foreign values in messages. */

const LONGEST = 60;

/** A value as JSON, shortened; `nothing` for what is not there. */
export function show(value: unknown): string {
  const text = typeof value === "bigint" ? value.toString() : (JSON.stringify(value) ?? "nothing");
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
