/** Text as strangers write it: escape sequences, bidirectional overrides, half characters. Called by the tests of what is shown. */
import fc from "fast-check";

/** A character that no sentence, log field, page or terminal may get from outside. */
export const HOSTILE_CHARACTER = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

/** One of each kind: C0, DEL, C1, bidirectional, zero-width, separators, a tag, a byte order mark. */
export const HOSTILE_TEXT = "\x1b[2J\x07\x7f\x85\x9b31m\u202e\u2066\u200b\u00ad\u2028\u2029\u{e0041}\ufeff";

/** Any code units, hostile ones and lone surrogates often among them. */
export const anyForeignText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.nat({ max: 0xffff }),
      fc.integer({ min: 0x20, max: 0x7e }),
      fc.integer({ min: 0xd800, max: 0xdfff }),
      fc.constantFrom(...Array.from(HOSTILE_TEXT, (char) => char.charCodeAt(0)), 0, 9, 10, 13, 34, 92),
    ),
    { maxLength: 700 },
  )
  .map((units) => String.fromCharCode(...units));
