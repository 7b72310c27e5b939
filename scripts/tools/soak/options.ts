/** The soak's command line. Called by main.ts. */
import { parseOptions, wholeNumber } from "../arguments.ts";

const DEFAULT_MINUTES = 30;
const MAX_MINUTES = 10_080;

/** Output of `--help`. */
export const HELP = `Usage: scripts/soak [--minutes N]
Runs the compiled executable under load for N minutes (${DEFAULT_MINUTES}; 1 to ${MAX_MINUTES}), then the simulation for a
sixth of that time, then the fault suite in its long form, fuzzing for a third of it.
Ends with 1 when a promise was broken.
`;

/**
 * @returns how long; undefined when the help is to be shown
 * @throws UsageError
 */
export function readMinutes(args: readonly string[]): number | undefined {
  const values = parseOptions(args, { minutes: { type: "string" }, help: { type: "boolean" } });
  if (values.help === true) return undefined;
  return wholeNumber("--minutes", values.minutes, MAX_MINUTES) ?? DEFAULT_MINUTES;
}
