/** Ids: 64 bits, whole. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseId } from "../../src/model/id.ts";

const LARGEST = 2n ** 64n - 1n;
const anyId = fc.bigInt({ min: 0n, max: LARGEST });

test("id: every 64-bit integer survives with all its digits", () => {
  fc.assert(fc.property(anyId, (number) => BigInt(parseId(String(number)) ?? -1) === number));
});

test("id: neighbors that one JavaScript number would represent stay distinct", () => {
  const base = 13758215386640154624n;
  const ids = new Set(Array.from({ length: 2_048 }, (_, index) => parseId(String(base + BigInt(index)))));
  expect(ids.size).toBe(2_048);
});

test("id: takes its bounds", () => {
  expect(String(parseId("0"))).toBe("0");
  expect(String(parseId("18446744073709551615"))).toBe("18446744073709551615");
});

test.each([
  "18446744073709551616",
  "99999999999999999999",
  "100000000000000000000",
  "-1",
  "+1",
  "00",
  "01",
  "1.0",
  "1e3",
  "0x1",
  " 1",
  "1\n",
  "١",
  "",
])("id: refuses %j", (text) => {
  expect(parseId(text)).toBeUndefined();
});
