/**
 * As much understanding of PromQL as the tests of queries need; the real one is Prometheus. Pure. Called by the tests in
 * tests/monitoring.
 */

/** Texts, label matchers and comments: nothing in them is an operator or a name. */
const OPAQUE =
  /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\{(?:[^{}"']|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')*\}|#[^\n]*/;
const COMPARISON = /(?:==|!=|<=|>=|<|>)(?!\s*bool\b)/;
const OPAQUE_OR_COMPARISON = new RegExp(`(${OPAQUE.source})|(${COMPARISON.source})`, "g");
/** Lists of labels, `by (id)`, and ranges, `[5m]`. */
const LISTS = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)|\[[^\]]*\]/g;
const WORDS = new Set([
  "and",
  "or",
  "unless",
  "bool",
  "offset",
  "by",
  "without",
  "group_left",
  "group_right",
  "inf",
  "nan",
]);

/**
 * Takes an alert's expression out of its thresholds: each comparison gets PromQL's own `bool`, so that it no longer
 * filters and gives 0 or 1 instead. The rest is empty only when a series, a label or a match between the two sides of
 * an operator is missing, which is what a test wants to know on a server where nothing is wrong.
 */
export function withoutThresholds(expr: string): string {
  return expr.replace(OPAQUE_OR_COMPARISON, (text, opaque) => (opaque === undefined ? `${text} bool` : text));
}

/**
 * The operands of the `or`s of an expression that stand outside of all parentheses. With its thresholds gone the first
 * operand hides the others, so each has to be evaluated alone.
 */
export function alternatives(expr: string): string[] {
  const operands: string[] = [];
  let depth = 0;
  let begin = 0;
  for (const { 0: token, index } of expr.matchAll(new RegExp(`${OPAQUE.source}|[()]|\\bor\\b`, "g"))) {
    if (token === "(") depth++;
    if (token === ")") depth--;
    if (token !== "or" || depth > 0) continue;
    operands.push(expr.slice(begin, index));
    begin = index + token.length;
  }
  return [...operands, expr.slice(begin)].map((operand) => operand.trim());
}

/** The names of the series that an expression reads. */
export function seriesNames(expr: string): string[] {
  const bare = expr.replace(new RegExp(OPAQUE.source, "g"), " ").replace(LISTS, " ");
  const names = [...bare.matchAll(/(?<![\w:$.])[a-zA-Z_:][\w:]*(?!\s*\(|[\w:])/g)].map(([name]) => name);
  return [...new Set(names.filter((name) => !WORDS.has(name.toLowerCase())))];
}
