/** Log lines for people: `2026-01-31T12:00:00.000Z  INFO Adding healthcheck id=1 target=tcp://10.0.0.1:80`. */
import { printable } from "../model/printable.ts";

const WIDTH = 5;
const BARE = /^[^\s"=\\]+$/;

/**
 * Formats a text line.
 *
 * @param time - as the line shows it
 * @param fields - in the order of the line; those without a JSON form are left out
 * @returns the line with its end
 */
export function formatText(
  time: string,
  level: string,
  message: string,
  fields: Readonly<Record<string, unknown>>,
): string {
  let line = `${time} ${level.toUpperCase().padStart(WIDTH)} ${printable(message)}`;
  for (const name in fields) {
    const value = formatValue(fields[name]);
    if (value !== undefined) line += ` ${name}=${value}`;
  }
  return `${line}\n`;
}

/** Bare where that is unmistakable, JSON where it is not. */
function formatValue(value: unknown): string | undefined {
  return typeof value === "string" && BARE.test(value) ? value : JSON.stringify(value);
}
