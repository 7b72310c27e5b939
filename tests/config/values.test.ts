/** Kinds of values of the configuration file. */
import { expect, test } from "bun:test";
import { httpUrl, isHttpUrl } from "../../src/config/address-values.ts";
import { buckets } from "../../src/config/buckets.ts";
import { fileMode } from "../../src/config/file-mode.ts";
import { show } from "../../src/model/format-value.ts";
import { readerOf } from "../../src/schema/object.ts";

test("config values: only http and https URLs are endpoints", () => {
  expect(["http://a:1", "https://a/b"].map(isHttpUrl)).toEqual([true, true]);
  expect(["ftp://a", "a:4317", "", "http://"].map(isHttpUrl)).toEqual([false, false, false, false]);
});

test("config values: a foreign value is shown as JSON, and short", () => {
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

test("config values: buckets ascend, from above 0, 50 at most", () => {
  const accepts = (list: unknown) => readerOf(buckets("seconds").schema)(list).ok;
  const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
  expect([upTo(1), upTo(50), [0.001, 2]].map(accepts)).toEqual([true, true, true]);
  expect([upTo(51), [], [0, 1], [-1], [1, 1], [2, 1], ["1"]].map(accepts)).toEqual(Array(7).fill(false));
});

test("config values: a file mode is octal", () => {
  const read = readerOf(fileMode.schema);
  expect(["0600", "666", "0o777"].map(read)).toEqual(
    [0o600, 0o666, 0o777].map((value) => ({ ok: true, value })),
  );
});

test("config values: values are formatted as they are written, URLs without secrets", () => {
  expect(fileMode.format(0o60)).toBe("0060");
  expect(httpUrl("http://a").format("http://user:word@a/?token=1")).toBe("http://***@a/?…");
});
