/** docs/verdicts.md: its template, with the verdict table that tests/verdicts proves. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Behavior, curlVerdict, isLeftOut, verdictOf } from "../../../tests/verdicts/behavior.ts";
import { CHAPTERS, ROWS } from "../../../tests/verdicts/rows.ts";
import { code, fill, table } from "./markdown.ts";

const TEMPLATE = join(import.meta.dir, "verdicts.template.md");
const HEAD = ["the backend …", "verdict", "HAProxy", "curl", "note"];

/** The page. */
export function verdictsPage(): string {
  const notes = new Notes();
  const chapters = Object.entries(CHAPTERS).map(
    ([title, rows]) =>
      `### ${title}\n\n${table(
        HEAD,
        rows.map((row) => cells(row, notes)),
      )}`,
  );
  return fill(readFileSync(TEMPLATE, "utf8"), {
    count: String(ROWS.length),
    chapters: chapters.join("\n\n"),
    notes: notes.lines(),
  });
}

/** Numbered sentences; the same sentence has one number. */
class Notes {
  readonly #sentences: string[] = [];

  number(sentence: string): number {
    if (!this.#sentences.includes(sentence)) this.#sentences.push(sentence);
    return this.#sentences.indexOf(sentence) + 1;
  }

  lines(): string {
    return this.#sentences.map((sentence, index) => `${index + 1}. ${sentence}`).join("\n");
  }
}

function cells(row: Behavior, notes: Notes): string[] {
  const { backend, wanted, haproxy, curl, why } = row;
  const sentences = [why, ...[haproxy, curl].map((cell) => (isLeftOut(cell) ? cell.leftOut : undefined))];
  const numbers = sentences.flatMap((sentence) => (sentence === undefined ? [] : [notes.number(sentence)]));
  const verdict = verdictOf(wanted);
  return [
    backend,
    `${verdict} ${code(wanted)}`,
    cell(haproxy, (found) => [code(found), verdictOf(found) !== verdict]),
    cell(curl, (found) => [found, curlVerdict(row, found) !== verdict]),
    numbers.join(", "),
  ];
}

/** A reference's cell: bold where its verdict is another one. */
function cell(
  found: Behavior["haproxy"] | Behavior["curl"],
  show: (found: string) => [string, boolean],
): string {
  if (found === undefined) return "";
  if (typeof found !== "string") return "varies";
  const [text, other] = show(found);
  return other ? `**${text}**` : text;
}
