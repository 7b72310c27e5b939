/** Foreign bytes in a sentence: short, printable, in quotes, and without the secrets that backends repeat. */

const LONGEST = 40;
/** So many bytes in common with a secret are a piece of it. */
const LEAST_PIECE = 6;

/**
 * `"220 ready\r\n…"`: at most 40 bytes, whatever is not printable escaped.
 *
 * @param secrets - what the backend was sent and nobody else may read, as Latin-1; an answer may repeat it
 */
export function excerpt(bytes: Uint8Array, secrets = ""): string {
  const latin1 = Buffer.from(bytes.subarray(0, LONGEST)).toString("latin1");
  const text = JSON.stringify(secrets === "" ? latin1 : withoutPieces(latin1, secrets));
  const printable = text.replace(/[\x7f-\xff]/g, (char) => `\\x${char.charCodeAt(0).toString(16)}`);
  return bytes.length > LONGEST ? `${printable.slice(0, -1)}…"` : printable;
}

/** Leaves out whatever stands in the secrets, too; what is shorter than a piece stays. */
function withoutPieces(text: string, secrets: string): string {
  let shown = "";
  for (let at = 0; at < text.length; ) {
    let end = at + LEAST_PIECE;
    if (end > text.length || !secrets.includes(text.slice(at, end))) {
      shown += text.charAt(at++);
      continue;
    }
    while (end < text.length && secrets.includes(text.slice(at, end + 1))) end++;
    shown += "…";
    at = end;
  }
  return shown;
}
