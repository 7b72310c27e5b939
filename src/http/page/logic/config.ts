/** The configuration of a healthcheck as names and values for people, whatever its fields are. Pure. */
import { formatSpan, NOTHING } from "./format.ts";

/** A setting. */
export interface Setting {
  /** `expected codes` */
  readonly name: string;
  /** A text, or nested settings. */
  readonly value: string | readonly Setting[];
}

/** Lists them in the order of the server. */
export function describeConfig(config: Readonly<Record<string, unknown>>): Setting[] {
  return Object.entries(config).map(([key, value]) => setting(key, value));
}

function setting(key: string, value: unknown): Setting {
  const name = key.replace(/_ms$/, "").replaceAll("_", " ");
  if (typeof value === "number" && key.endsWith("_ms")) return { name, value: formatSpan(value) };
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return { name, value: Object.entries(value).map(([inner, one]) => setting(inner, one)) };
  }
  return { name, value: formatValue(value) };
}

function formatValue(value: unknown): string {
  if (value === null || value === undefined) return NOTHING;
  if (Array.isArray(value)) return value.length === 0 ? NOTHING : value.map(formatValue).join(", ");
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
