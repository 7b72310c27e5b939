/** The marks that stand for a secret. `scripts/tools/check-layers.ts` proves that no other room of `src` prints them. */

/** Stands for a value of which nothing is shown. */
export const NOT_SHOWN = "(not shown)";

/** Stands for a secret inside of a text that is shown. */
export const HIDDEN = "…";

/** Stands for the user and password of a URL. */
export const HIDDEN_LOGIN = "***@";

/**
 * Formats the size of bytes that are not shown: `(12 bytes, not shown)`.
 *
 * @param byteCount - 0 or more
 */
export function bytesNotShown(byteCount: number): string {
  return `(${byteCount} bytes, not shown)`;
}

/** Formats a request header without its value: `authorization: (not shown)`. */
export function headerNotShown(name: string): string {
  return `${name}: ${NOT_SHOWN}`;
}
