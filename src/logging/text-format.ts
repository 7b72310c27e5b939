/** Log lines for people: `2026-01-31T12:00:00.000Z  INFO Adding healthcheck id=1 target=tcp://10.0.0.1:80`. */
import { printable } from "../model/printable.ts";

const WIDTH = 5;

/**
 * Turns a JSON log line into a text line.
 *
 * @param json - an object with `time`, `level`, `message` and fields
 * @returns the line with its end
 */
export function formatText(json: string): string {
  const { time, level, message, ...fields }: Record<string, unknown> = JSON.parse(json);
  const pairs = Object.entries(fields).map(([key, value]) => ` ${key}=${formatValue(value)}`);
  return `${time} ${String(level).toUpperCase().padStart(WIDTH)} ${printable(String(message))}${pairs.join("")}\n`;
}

/** Bare where that is unmistakable, JSON where it is not. */
function formatValue(value: unknown): string {
  if (typeof value === "string" && /^[^\s"=\\]+$/.test(value)) return value;
  return JSON.stringify(value);
}
