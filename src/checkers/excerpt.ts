/** Foreign bytes in a sentence: short, printable, in quotes. */

const LONGEST = 40;

/** `"220 ready\r\n…"`: at most 40 bytes, whatever is not printable escaped. */
export function excerpt(bytes: Uint8Array): string {
  const text = JSON.stringify(Buffer.from(bytes.subarray(0, LONGEST)).toString("latin1"));
  const printable = text.replace(/[\x7f-\xff]/g, (char) => `\\x${char.charCodeAt(0).toString(16)}`);
  return bytes.length > LONGEST ? `${printable.slice(0, -1)}…"` : printable;
}
