/** Recognizes a command line of Google's health checker: by the name of the executable, or by its flags. */
import { flagName } from "./go-flags.ts";
import { SEESAW_FLAGS } from "./seesaw-flags.ts";

/** The file name of Google's health checker. */
export const SEESAW_HEALTHCHECK = "seesaw_healthcheck";

/**
 * Reports whether a command line is one of Google's health checker.
 *
 * @param argv0 - name or path by which the program was started
 * @param args - without that name
 * @param commands - names of the commands that are available under the name of Google's health checker
 */
export function isSeesawHealthcheck(
  argv0: string,
  args: readonly string[],
  commands: readonly string[],
): boolean {
  const [first = ""] = args;
  const name = argv0.slice(argv0.lastIndexOf("/") + 1);
  if (name === SEESAW_HEALTHCHECK) return !commands.includes(first);
  // A lone -v is a question for the version, and no level.
  if (!first.startsWith("-") || (args.length === 1 && first === "-v")) return false;
  const end = args.indexOf("--");
  return (end < 0 ? args : args.slice(0, end)).some(isSeesawFlag);
}

/** `--engine` is an option of this program, too. */
function isSeesawFlag(argument: string): boolean {
  const doubled = flagName(argument, 2);
  const name = flagName(argument, 1) ?? (doubled === "engine" ? undefined : doubled);
  return SEESAW_FLAGS.some((flag) => flag.name === name);
}
