/** Writes the tables of docs/performance.md from the scenarios' outcomes, each between two marks. Pure. Called by main.ts. */
import type { Outcome, PageTable } from "./scenario.ts";
import { markdownTable } from "./table.ts";

/**
 * Replaces the text between the marks of a table.
 *
 * @param page - the whole page
 * @param machine - description of the machine of the measurement, in one line
 * @param outcomes - those of all scenarios of the table, in the order of its rows
 * @returns the new page
 * @throws Error when the page lacks a mark
 */
export function withPageTable(
  page: string,
  { name, head }: PageTable,
  machine: string,
  outcomes: readonly Outcome[],
): string {
  const [begin, end] = [`<!-- scripts/bench: ${name} -->\n`, `<!-- end of ${name} -->\n`];
  const from = page.indexOf(begin);
  const to = page.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`docs/performance.md lacks the marks of ${name}`);
  const rows = outcomes.flatMap(({ pageRows = [] }) => pageRows);
  const text = `\n${machine}:\n\n${markdownTable(head, rows)}\n`;
  return `${page.slice(0, from + begin.length)}${text}${page.slice(to)}`;
}
