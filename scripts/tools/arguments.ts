/** The command lines of the scripts, read strictly. */
import { type ParseArgsConfig, parseArgs } from "node:util";

/** Wrong usage; the message explains it. */
export class UsageError extends Error {}

/**
 * Reads options, without positional arguments.
 *
 * @throws UsageError when one is not known, or lacks its value
 */
export function parseOptions<const Options extends NonNullable<ParseArgsConfig["options"]>>(
  args: readonly string[],
  options: Options,
) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/**
 * Reads an integer from 1 on.
 *
 * @returns undefined without the option
 * @throws UsageError when it is not valid, or too large
 */
export function wholeNumber(option: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^[0-9]+$/.test(text) && value >= 1 && value <= most) return value;
  throw new UsageError(`${option} ${text}: not an integer from 1 to ${most}`);
}
