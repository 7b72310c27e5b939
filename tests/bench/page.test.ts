/** The tables that the benchmark writes to docs/performance.md. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { withPageTable } from "../../scripts/tools/bench/page.ts";
import type { Outcome } from "../../scripts/tools/bench/scenario.ts";
import { SCENARIOS } from "../../scripts/tools/bench/scenarios.ts";

const TABLE = { name: "mine", head: ["check", "µs"] };
const OUTCOMES: readonly Outcome[] = [
  { figures: {}, rows: [], regressions: [], pageRows: [["a", "1"]] },
  { figures: {}, rows: [["not on the page"]], regressions: [] },
  { figures: {}, rows: [], regressions: [], pageRows: [["b", "2"]] },
];
const WRITTEN = [
  "before",
  "<!-- scripts/bench: mine -->",
  "",
  "this machine:",
  "",
  "| check | µs |",
  "|-------|---:|",
  "| a     |  1 |",
  "| b     |  2 |",
  "",
  "<!-- end of mine -->",
  "after",
  "",
].join("\n");

test("page: a table is replaced between its marks, any number of times", () => {
  const page = "before\n<!-- scripts/bench: mine -->\nold\n<!-- end of mine -->\nafter\n";
  const once = withPageTable(page, TABLE, "this machine", OUTCOMES);
  expect(once).toBe(WRITTEN);
  expect(withPageTable(once, TABLE, "this machine", OUTCOMES)).toBe(WRITTEN);
});

test.each(["", "<!-- scripts/bench: mine -->\n", "<!-- end of mine -->\n<!-- scripts/bench: mine -->\n"])(
  "page: %j lacks a mark",
  (page) => {
    expect(() => withPageTable(page, TABLE, "this machine", OUTCOMES)).toThrow(
      "docs/performance.md lacks the marks of mine",
    );
  },
);

test("page: docs/performance.md has the marks of every table", () => {
  const page = readFileSync(join(import.meta.dir, "..", "..", "docs", "performance.md"), "utf8");
  const tables = new Set(SCENARIOS.flatMap(({ group }) => group.page ?? []));
  expect([...tables].map(({ name }) => name)).toEqual(["against-haproxy", "pings", "steady"]);
  for (const table of tables) expect(withPageTable(page, table, "this machine", OUTCOMES)).not.toBe(page);
});
