/** docs/monitoring.md and the query of the list: its table is made from the fields that validate the query. */
import { expect, test } from "bun:test";
import { fieldTable } from "../../scripts/tools/docs/configuration.ts";
import { listQueryFields } from "../../src/http/list-query.ts";
import { namedFacts } from "../../src/schema/field.ts";
import { readText } from "../harness/base/markdown.ts";

test("docs: monitoring.md has every parameter of the list's query", () => {
  const rows = fieldTable(namedFacts(listQueryFields()), "parameter").split("\n");
  expect(rows.length).toBe(2 + Object.keys(listQueryFields()).length);
  expect(readText("docs/monitoring.md")).toContain(`\n${rows.join("\n")}\n`);
});
