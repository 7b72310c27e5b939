/** Foreign bytes in a sentence: short, printable, in quotes, and without the secrets that backends repeat. */
import { SECRET_LOOKAHEAD_CHARS, type Secrets } from "../redaction/secrets.ts";
import { latin1 } from "./latin1.ts";

/** Bytes of an answer that a sentence shows. */
export const EXCERPT_BYTES = 60;
/** Bytes of an answer that are kept for a sentence. */
export const MAX_SHOWN_BYTES = 512;

/**
 * Quotes the beginning of an answer, as in `"220 ready\r\n…"`: at most {@link EXCERPT_BYTES}, with non-printable
 * characters escaped.
 *
 * @param text - the bytes, or the same as Latin-1
 * @param secrets - values sent to the backend that must not be shown; an answer may repeat them
 */
export function excerpt(text: Uint8Array | string, secrets?: Secrets): string {
  const most = EXCERPT_BYTES + SECRET_LOOKAHEAD_CHARS;
  const known = typeof text === "string" ? text.slice(0, most) : latin1(text, 0, Math.min(most, text.length));
  const shown = secrets?.hide(known) ?? known;
  const cut = shown.length > EXCERPT_BYTES;
  const quoted = JSON.stringify(cut ? shown.slice(0, EXCERPT_BYTES) : shown);
  const printable = quoted.replace(
    /[\x7f-\xff]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16)}`,
  );
  return cut ? `${printable.slice(0, -1)}…"` : printable;
}

/** Foreign text within a sentence, without quotes: like {@link excerpt}. */
export function excerptUnquoted(text: string, secrets?: Secrets): string {
  return excerpt(text, secrets).slice(1, -1);
}
