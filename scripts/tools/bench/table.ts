/** Tables as Markdown, columns padded, so that they can be read here and pasted into docs/. Called by main.ts. */

/** A table, ready to be written. */
export interface Table {
  readonly title: string;
  /** Notes for the reader; may be several lines. */
  readonly note?: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Formats a table with its title and note as text, with a newline at its end. */
export function renderTable({ title, note, head, rows }: Table): string {
  return `\n${title}\n${note === undefined ? "" : `${note}\n`}\n${markdownTable(head, rows)}`;
}

/** Formats a table alone as Markdown, with a newline at its end. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, column) =>
    Math.max(...[cell, ...rows.map((row) => row[column] ?? "")].map((text) => text.length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, column) => pad(cells[column] ?? "", width, column)).join(" | ")} |\n`;
  const rule = `|${widths.map((width, column) => dashes(width, column)).join("|")}|\n`;
  return `${line(head)}${rule}${rows.map(line).join("")}`;
}

/** A number with as many digits as help: three that count. */
export function digits(value: number): string {
  if (Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return "∞";
  const decimals = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(Number.isInteger(value) ? 0 : decimals);
}

/** Bytes in decimal units: `114 kB`. */
export function bytes(count: number): string {
  return count < 1e6 ? `${digits(count / 1e3)} kB` : `${digits(count / 1e6)} MB`;
}

/** Names to the left, figures to the right. */
function pad(text: string, width: number, column: number): string {
  return column === 0 ? text.padEnd(width) : text.padStart(width);
}

/** The line below the head, with Markdown's mark for what stands to the right. */
function dashes(width: number, column: number): string {
  return column === 0 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`;
}
