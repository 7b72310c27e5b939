/**
 * The id of a healthcheck. Seesaw numbers its healthchecks with 64-bit unsigned integers that start at `(pid & 0xffff)
 * << 48`, where neighbors differ by one: as a JavaScript number 2,048 of them become one. An id is therefore kept as
 * its decimal digits and never becomes a number.
 */

declare const brand: unique symbol;

/** A 64-bit unsigned integer as decimal digits without leading zeros; made only by {@link parseId}. */
export type HealthcheckId = string & { readonly [brand]: "HealthcheckId" };

/** Rule for an id in error messages. */
export const ID_RULE = "an integer from 0 to 18446744073709551615";

const LARGEST = "18446744073709551615";
const DIGITS = /^(?:0|[1-9][0-9]{0,19})$/;

/**
 * Reads an id from its decimal digits.
 *
 * @param digits - the number as written, e.g. `13758215386640154624`
 * @returns the id, or `undefined` when the text is not {@link ID_RULE}
 */
export function parseId(digits: string): HealthcheckId | undefined {
  if (!DIGITS.test(digits)) return undefined;
  // Of two digit strings of the same length the larger number sorts later.
  if (digits.length === LARGEST.length && digits > LARGEST) return undefined;
  // The cast is the brand: the lines above are the proof.
  return digits as HealthcheckId;
}
