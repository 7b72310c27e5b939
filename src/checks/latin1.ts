/** Bytes as text, one character a byte. */

/**
 * Decodes part of some bytes without a copy of them. The bytes may be memory of the C library: their `buffer` is not touched.
 *
 * @param to - behind the last byte
 */
export function latin1(bytes: Uint8Array, from = 0, to = bytes.length): string {
  // The method works on every Uint8Array; its type allows only the subclass.
  return Buffer.prototype.toString.call(bytes as Buffer, "latin1", from, to);
}
