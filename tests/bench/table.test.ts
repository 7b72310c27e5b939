/** Tests of the benchmark's tables. */
import { expect, test } from "bun:test";
import { bytes, digits, renderTable } from "../../scripts/tools/bench/table.ts";

test("table: names to the left, figures to the right, columns as wide as their widest cell", () => {
  const table = {
    title: "Title",
    note: "Note.",
    head: ["name", "µs"],
    rows: [
      ["a", "10.5"],
      ["longer", "7"],
    ],
  };
  expect(renderTable(table)).toBe(
    [
      "",
      "Title",
      "Note.",
      "",
      "| name   |   µs |",
      "|--------|-----:|",
      "| a      | 10.5 |",
      "| longer |    7 |",
      "",
    ].join("\n"),
  );
});

test.each([
  [0, "0"],
  [0.123, "0.12"],
  [9.876, "9.88"],
  [45.67, "45.7"],
  [123.4, "123"],
  [4_000, "4000"],
  [Number.NaN, "–"],
  [Number.POSITIVE_INFINITY, "∞"],
])("digits: %d is %s", (value, text) => {
  expect(digits(value)).toBe(text);
});

test.each([
  [183_000, "183 kB"],
  [1_200, "1.20 kB"],
  [17_600_000, "17.6 MB"],
])("bytes: %d is %s", (count, text) => {
  expect(bytes(count)).toBe(text);
});
