/** docs/deployment.md, docs/protocol.md, docs/migration.md and the sources: log lines, metrics and codes that are named are there. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FAILURE_CODES } from "../../src/model/result.ts";
import { ROOT, readText, tableRows } from "../harness/base/markdown.ts";

const TEXT = readText("docs/deployment.md");

/** All possible log messages: the text of all sources. */
const SOURCES = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => readFileSync(join(ROOT, "src", file), "utf8"))
  .join("\n");

test("docs: every log line that deployment.md explains is in the sources", () => {
  const tables = TEXT.split("\n\n").filter((part) => /^\| (?:log line|what is seen)/.test(part));
  const rows = tables.flatMap((table) => tableRows(table, [])).map(([cell = ""]) => cell);
  const spans = rows.flatMap((cell) => [...cell.matchAll(/`([A-Z][^`]*)`/g)].map(([, words = ""]) => words));
  expect(spans.length).toBeGreaterThan(15);
  // Up to what differs from line to line.
  const fixed = spans.map((words) => words.replace(/(?:FILE|…).*$/, ""));
  expect(fixed.filter((words) => !SOURCES.includes(words))).toEqual([]);
});

test("docs: every metric that is named outside of metrics.md is explained there", () => {
  const explained = readText("docs/metrics.md");
  for (const page of ["README.md", "docs/deployment.md", "docs/migration.md", "docs/protocol.md"]) {
    const named = [...readText(page).matchAll(/\bhealthcheck_(?!server\b)[a-z_]*[a-z](?!\w|\()/g)].map(
      ([name]) => name,
    );
    expect([page, named.filter((name) => !explained.includes(`\`${name}\``))]).toEqual([page, []]);
  }
});

test("docs: deployment.md explains every code", () => {
  const codes = tableRows(TEXT, ["code"]).map(([code = ""]) => code.replaceAll("`", ""));
  expect(codes.sort()).toEqual([...FAILURE_CODES, "LOCAL"].sort());
});
