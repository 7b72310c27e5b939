/** Pieces of a manual page in mdoc(7). */

const WIDTH = 78;

/** Text, each sentence on a line of its own as mdoc wants it, and no line that looks like a request. */
export function prose(text: string): string {
  const sentences = text.split(/(?<=[.?!:]) +(?=[A-Z])/);
  return sentences.flatMap(wrapped).map(textLine).join("\n");
}

/** An argument of a macro. */
export function argument(text: string): string {
  const escaped = literal(text).replaceAll('"', "\\(dq");
  return /\s/.test(escaped) ? `"${escaped}"` : escaped;
}

/** `-c`, `--config` as mdoc has them: `Fl c , Fl -config`. */
export function flags(list: readonly string[]): string {
  return list.map((flag) => `Fl ${literal(flag.slice(1))}`).join(" , ");
}

/** A list of terms. @param items - the macros of the term, and its text */
export function terms(items: readonly (readonly [string, string])[]): string {
  return [".Bl -tag -width Ds", ...items.flatMap(([term, text]) => [`.It ${term}`, prose(text)]), ".El"].join(
    "\n",
  );
}

/** Lines that are shown as they are. */
export function display(text: string): string {
  return [".Bd -literal -offset indent", ...text.split("\n").map(textLine), ".Ed"].join("\n");
}

/** A phrase as a sentence: `the file` is `The file.` */
export function sentence(phrase: string): string {
  const first = phrase.charAt(0).toUpperCase() + phrase.slice(1);
  return /[.?!]$/.test(first) ? first : `${first}.`;
}

/** A hyphen that is a hyphen also in the terminal, where it is copied from. */
function literal(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-");
}

function textLine(line: string): string {
  const text = literal(line);
  return /^[.']/.test(text) ? `\\&${text}` : text;
}

function wrapped(text: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
