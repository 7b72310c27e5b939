/** Bytes as text and as hexadecimal digits. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { bytesOfHex, bytesOfText, HEX_BYTES, hexOfBytes, textOfBytes } from "../../src/model/bytes.ts";

test.each(["", "00", "00ff", "00 ff", "00:FF", " 00\t: ff "])("bytes: %j is hexadecimal", (hex) => {
  expect(HEX_BYTES.test(hex)).toBe(true);
});

test.each(["0", "000", "0 0", "0x00", "gg", "00-ff"])("bytes: %j is not hexadecimal", (hex) => {
  expect(HEX_BYTES.test(hex)).toBe(false);
});

test("bytes: what is written as hexadecimal is read again", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => expect(bytesOfHex(hexOfBytes(bytes))).toEqual(bytes)));
});

test("bytes: text survives, and bytes that are not UTF-8 are no text", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => textOfBytes(bytesOfText(text)) === text));
  expect(textOfBytes(Uint8Array.of(0, 255))).toBeUndefined();
});
