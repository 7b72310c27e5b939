/** The soak's command line. Called by soak.ts. */
import { parseArgs } from "node:util";

const DEFAULT_MINUTES = 30;
const MOST_MINUTES = 10_080;

/** What `--help` says. */
export const HELP = `Usage: scripts/soak [--minutes N]
Runs the compiled executable under load for N minutes (${DEFAULT_MINUTES}; 1 to ${MOST_MINUTES}), then the fault suite in its long
form, fuzzing for a third of that time.
Ends with 1 when a promise was broken.
`;

/** @returns how long; undefined when the help is to be shown */
export function readMinutes(args: readonly string[]): number | undefined {
  try {
    const options = { minutes: { type: "string" }, help: { type: "boolean" } } as const;
    const { values } = parseArgs({ args: [...args], options });
    const minutes = Number(values.minutes ?? DEFAULT_MINUTES);
    const sensible = Number.isInteger(minutes) && minutes >= 1 && minutes <= MOST_MINUTES;
    return values.help === true || !sensible ? undefined : minutes;
  } catch {
    return undefined;
  }
}
