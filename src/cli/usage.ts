/** The error of wrong usage of the command line. */

/** Wrong usage, found by a command: `KEY: problem; must be RULE`. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
