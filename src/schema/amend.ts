/** Odd values that another server accepts, and the value that is used in their place. */

/**
 * Makes an odd value usable before it is validated.
 *
 * @param source - the text of a scalar in the file; undefined for another value
 * @returns undefined when the value stays as it is
 */
export type Amend = (value: unknown, source: string | undefined) => Amended | undefined;

/** A value to use in place of the one in the file. */
export interface Amended {
  /** Undefined means the default. */
  readonly value: unknown;
  /** Change that the operator should know: `problem, using VALUE; must be RULE`. */
  readonly warnings: readonly string[];
}

/** Reads a number as it is written: YAML reads 0660 as 660, and 12e4 as 120000. */
export const numberAsWritten: Amend = (value, source) => {
  const isNumber = typeof value === "number" || typeof value === "bigint";
  return isNumber && source !== undefined ? { value: source, warnings: [] } : undefined;
};
