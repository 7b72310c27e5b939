/** Bytes as operators write them: as text in UTF-8, or as hexadecimal digits. */

/** Pairs of digits; blanks and colons may separate them. */
export const HEX_BYTES = /^[\s:]*(?:[0-9a-fA-F]{2}[\s:]*)*$/;

const ENCODER = new TextEncoder();

/** The bytes of a text, in UTF-8. */
export function bytesOfText(text: string): Uint8Array {
  return ENCODER.encode(text);
}

/** The bytes that a text matching {@link HEX_BYTES} stands for. */
export function bytesOfHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/[0-9a-fA-F]{2}/g) ?? [], (pair) => Number.parseInt(pair, 16));
}

const UTF_8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text that bytes are in UTF-8; undefined when they are not. */
export function textOfBytes(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return "";
  try {
    return UTF_8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** `00 ff 0a` */
export function hexOfBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}
