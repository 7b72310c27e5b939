/** The hand-written documentation as its tests read it: fenced blocks, tables, links, headings. Called by the tests in tests/docs. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The directory of the project. */
export const ROOT = join(import.meta.dir, "..", "..", "..");

/** Every page for people, by its path from {@link ROOT}. */
export function pages(): string[] {
  const docs = readdirSync(join(ROOT, "docs")).filter((name) => name.endsWith(".md"));
  const top = readdirSync(ROOT).filter((name) => name.endsWith(".md"));
  return [...top, ...docs.map((name) => `docs/${name}`)].sort();
}

/** The text of a page. @param path from {@link ROOT} */
export function readText(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** Returns the content of the fenced blocks with this info string, ```` ```jsonl client ````, in their order. */
export function blocks(text: string, info: string): string[] {
  const found = [...text.matchAll(/^```([^\n]*)\n(.*?)^```$/gms)];
  return found.filter(([, words]) => words === info).map(([, , body = ""]) => body);
}

/** The lines of {@link blocks}. */
export function blockLines(text: string, info: string): string[] {
  return blocks(text, info).flatMap((body) => body.trimEnd().split("\n"));
}

/** The text without its fenced blocks. */
export function prose(text: string): string {
  return text.replace(/^```[^\n]*\n.*?^```$/gms, "");
}

/** The rows of the table whose head begins with these cells, cells trimmed. */
export function tableRows(text: string, head: readonly string[]): string[][] {
  const tables = text.split(/\n(?!\|)/).filter((part) => part.trimStart().startsWith("|"));
  const rows = tables.map((table) => table.trim().split("\n").map(cells));
  const table = rows.find(([first = []]) => head.every((cell, at) => first[at] === cell));
  if (table === undefined) throw new Error(`no table with the head ${head.join(", ")}`);
  return table.slice(2);
}

function cells(row: string): string[] {
  return row
    .replace(/^\||\|$/g, "")
    .split("|")
    .map((cell) => cell.trim());
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchors(text: string): Set<string> {
  const found = new Set<string>();
  const seen = new Map<string, number>();
  for (const [, heading = ""] of prose(text).matchAll(/^#{1,6} (.+)$/gm)) {
    const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const slug = words.replace(/[^\p{L}\p{N}\p{M}\p{Pc}\s-]/gu, "").replace(/\s/g, "-");
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    found.add(times === 0 ? slug : `${slug}-${times}`);
  }
  return found;
}
