/** Kinds of configuration values. */
import { expect, test } from "bun:test";
import * as v from "valibot";
import { buckets, duration, fileMode, isHttpUrl, printable } from "../../src/config/fields.ts";
import { show } from "../../src/model/format-value.ts";

const ABOUT = { about: "a test", reload: false };

test("fields: only http and https URLs are endpoints", () => {
  expect(["http://a:1", "https://a/b"].map(isHttpUrl)).toEqual([true, true]);
  expect(["ftp://a", "a:4317", "", "http://"].map(isHttpUrl)).toEqual([false, false, false, false]);
});

test("fields: a foreign value is shown as JSON, and short", () => {
  expect([show("a"), show(5n), show(null), show(undefined), show([1])]).toEqual([
    '"a"',
    "5",
    "null",
    "nothing",
    "[1]",
  ]);
  expect(show("x".repeat(500)).length).toBe(61);
  expect([Number.NaN, Number.NEGATIVE_INFINITY, 0.1, 1e300].map(show)).toEqual([
    "NaN",
    "-Infinity",
    "0.1",
    "1e+300",
  ]);
});

test("fields: a duration keeps to its range, both ends included", () => {
  const schema = duration("5s", "1s", "10s", ABOUT);
  expect(["1s", "10000ms", null, undefined].map((text) => Number(v.parse(schema, text)))).toEqual([
    1_000, 10_000, 5_000, 5_000,
  ]);
  expect(["999ms", "10001ms"].map((text) => v.safeParse(schema, text).success)).toEqual([false, false]);
});

test("fields: buckets ascend, from above 0, 50 at most", () => {
  const accepts = (list: unknown) => v.safeParse(buckets([1], "seconds", ABOUT), list).success;
  const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
  expect([upTo(1), upTo(50), [0.001, 2]].map(accepts)).toEqual([true, true, true]);
  expect([upTo(51), [], [0, 1], [-1], [1, 1], [2, 1], ["1"]].map(accepts)).toEqual(Array(7).fill(false));
});

test("fields: a file mode is octal", () => {
  const read = (text: string) => v.parse(fileMode("0660", ABOUT), text);
  expect([read("0600"), read("666"), read("0o777")]).toEqual([0o600, 0o666, 0o777]);
});

test("fields: values are printed as one writes them", () => {
  expect(printable("duration", 1_500)).toBe("1.5s");
  expect(printable("file mode", 0o60)).toBe("0060");
  expect(printable("integer", 5)).toBe(5);
});
