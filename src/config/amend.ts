/** Odd values that the original server accepts, and what is taken in their place. */

/**
 * Makes an odd value that the original server accepts a usable one.
 *
 * @param source - of a scalar, as it stands in the file
 * @returns undefined when the value stays as it is
 */
export type Amend = (value: unknown, source: string | undefined) => Amended | undefined;

/** A value to take in place of the one in the file. */
export interface Amended {
  /** Undefined stands for the default. */
  readonly value: unknown;
  /** What was changed, if the operator should know. */
  readonly warnings: readonly string[];
}
