/** Pieces of Markdown, written as the hand-written pages have them. */

/** The widest table whose columns are aligned: in a wider one, padding would make every row as long as the longest. */
const MAX_ALIGNED_WIDTH = 160;

/** A table; its columns are aligned unless it is wide. @param rows - cells; a `|` in one is escaped */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const longest = head.map((_, column) => Math.max(3, ...cells.map((row) => row[column]?.length ?? 0)));
  const isWide = longest.reduce((sum, width) => sum + width + 3, 1) > MAX_ALIGNED_WIDTH;
  const widths = isWide ? head.map(() => 3) : longest;
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, column) => (row[column] ?? "").padEnd(width)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  const [first = [], ...rest] = cells;
  return [line(first), rule, ...rest.map(line)].join("\n");
}

/** Text as code. */
export function code(text: string): string {
  return `\`${text}\``;
}

/** Several texts as code, separated by commas. */
export function codes(texts: readonly string[]): string {
  return texts.map(code).join(", ");
}

/**
 * Fills the places `{{NAME}}` of a template.
 *
 * @throws Error when a place has no text, or a text no place
 */
export function fill(template: string, texts: Readonly<Record<string, string>>): string {
  const unused = new Set(Object.keys(texts));
  const filled = template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const text = texts[name];
    if (text === undefined) throw new Error(`the template contains {{${name}}}, which has no text`);
    unused.delete(name);
    return text;
  });
  if (unused.size > 0) throw new Error(`the template has no place for ${[...unused].join(", ")}`);
  return filled;
}
