/**
 * Checks that the house keeps its layers, in `src`, `scripts` and `tests`: which room may import which, no cycles, no barrel files, one
 * way to validate fields, and no mark of a secret printed outside of `src/redaction`. Run by scripts/test. Prints each breach with its place and ends with status 1 when there is one.
 */
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const ROOT = join(import.meta.dir, "..", "..");

/** Each room of `src`, and the rooms that it may import from besides itself. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  model: [],
  redaction: ["model"],
  system: ["model", "redaction"],
  logging: ["model", "redaction"],
  schema: ["model", "redaction", "system"],
  config: ["model", "redaction", "system", "logging", "schema"],
  scheduler: ["model", "redaction", "system", "logging"],
  checks: ["model", "redaction", "system", "logging", "schema"],
  protocol: ["model", "redaction", "system", "logging", "schema", "checks"],
  rpc: ["model", "redaction", "schema"],
  monitor: ["model", "redaction", "system", "logging", "scheduler", "checks"],
  manager: ["model", "redaction", "system", "logging", "checks", "monitor"],
  network: ["model", "redaction", "system", "logging", "checks", "monitor"],
  events: ["model", "redaction", "system", "logging", "checks", "monitor"],
  persistence: ["model", "redaction", "system", "logging", "monitor"],
  overrides: ["model", "redaction", "system", "logging", "schema", "checks", "monitor", "persistence"],
  notifier: ["model", "redaction", "system", "logging"],
  metrics: ["model", "redaction", "system", "logging", "config", "checks", "monitor"],
  telemetry: ["model", "redaction", "system", "logging", "config", "checks", "monitor", "manager", "control"],
  http: ["model", "redaction", "system", "logging", "schema", "checks", "monitor", "metrics", "http/page"],
  // Runs in a browser; what it shares with the server are the types of the API.
  "http/page": ["http"],
  control: [
    "model",
    "redaction",
    "system",
    "logging",
    "schema",
    "config",
    "checks",
    "protocol",
    "rpc",
    "manager",
  ],
  systemd: ["model", "redaction", "system", "logging", "manager", "scheduler", "control"],
};
/** These put the rooms together, and may import from every room above; `main.ts` starts the command line. */
const COMPOSITION = ["daemon", "cli", ""];

/** Outside of `src`: the folder, and where it may import from. A tool imports no other tool, unless it stands here. */
const OUTSIDE: readonly (readonly [folder: string, allowed: readonly string[]])[] = [
  ["scripts/tools/bench", ["src", "scripts/tools", "tests/harness"]],
  ["scripts/tools", ["src", "scripts/tools", "tests/harness", "tests/verdicts"]],
  ["tests/harness", ["src", "tests/harness"]],
  ["tests", ["src", "scripts", "tests"]],
];

/** The room that decides what is secret, and the marks that it alone may print in `src`: each stands for something that is not shown. */
const REDACTION = "redaction";
const SECRET_MARKS = [/not shown\)/, /\*\*\*/, /[?#]…/, /:\/\/…/];
/** Only the schema kit validates with the library, and the reader of a collector's response, which has no fields of this program. */
const VALIDATION = /from "valibot"/;
const VALIDATION_PLACES = ["src/schema/", "src/telemetry/otlp-response.ts"];
const COMMENT = /\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*/gm;

const IMPORT = /(?:^|\n)\s*(?:import|export)\s[^;]*?from\s+"(\.[^"]+)"|import\(\s*"(\.[^"]+)"\s*\)/g;
const BARE_IMPORT = /(?:^|\n)import\s+"(\.[^"]+)"/g;

const files = ["src", "scripts", "tests"]
  .flatMap((top) => [...new Bun.Glob(`${top}/**/*.{ts,tsx}`).scanSync(ROOT)])
  .map((file) => normalize(file))
  .sort();
const texts = new Map(files.map((file) => [file, readFileSync(join(ROOT, file), "utf8")]));
const imports = new Map(files.map((file) => [file, importsOf(file)]));
const breaches = [
  ...files.flatMap(badImports),
  ...files.flatMap(badForm),
  ...files.flatMap(secretMarks),
  ...cycles(),
];
for (const breach of breaches) process.stderr.write(`${breach}\n`);
process.stdout.write(`layers: ${files.length} files, ${breaches.length} breaches\n`);
process.exit(breaches.length === 0 ? 0 : 1);

function importsOf(file: string): string[] {
  const text = texts.get(file) ?? "";
  const found = [...text.matchAll(IMPORT), ...text.matchAll(BARE_IMPORT)];
  return found.map((match) => normalize(join(dirname(file), match[1] ?? match[2] ?? "")));
}

/** The room of `src` that a file lives in; empty for the files at the top. */
function room(file: string): string {
  const [, first = "", second] = file.split("/");
  if (file.startsWith("src/http/page/")) return "http/page";
  return second === undefined ? "" : first;
}

function badImports(file: string): string[] {
  const targets = (imports.get(file) ?? []).filter((target) => !target.startsWith(".."));
  if (!file.startsWith("src/")) return badOutside(file, targets);
  const from = room(file);
  if (COMPOSITION.includes(from)) return [];
  const allowed = ALLOWED[from];
  if (allowed === undefined)
    return [`${file}: the room ${from}/ is not on the plan (scripts/tools/check-layers.ts)`];
  return (
    targets
      .filter(
        (target) => !target.startsWith("src/") || (room(target) !== from && !allowed.includes(room(target))),
      )
      // The build information is beside main.ts and imports nothing.
      .filter((target) => target !== "src/build-info.ts")
      .map((target) => `${file}: ${from}/ may not import ${target}`)
  );
}

function badOutside(file: string, targets: readonly string[]): string[] {
  const [, allowed = []] = OUTSIDE.find(([folder]) => file.startsWith(`${folder}/`)) ?? [];
  return targets
    .filter((target) => target.endsWith(".ts") || target.endsWith(".tsx"))
    .filter((target) => !allowed.some((folder) => target.startsWith(`${folder}/`)))
    .map((target) => `${file}: may not import ${target}`);
}

function badForm(file: string): string[] {
  const text = texts.get(file) ?? "";
  const found: string[] = [];
  if (/\/index\.tsx?$/.test(file) || /^export \* from/m.test(text)) found.push(`${file}: a barrel file`);
  if (!text.startsWith("/**") && !text.startsWith("#!"))
    found.push(`${file}: does not open with a doc comment`);
  if (
    file.startsWith("src/") &&
    VALIDATION.test(text) &&
    !VALIDATION_PLACES.some((place) => file.startsWith(place))
  )
    found.push(`${file}: validates with valibot; fields are made by the builders of src/schema`);
  return found;
}

/** Places outside of the redaction room that print the mark of a secret. */
function secretMarks(file: string): string[] {
  if (!file.startsWith("src/") || room(file) === REDACTION) return [];
  const code = (texts.get(file) ?? "").replace(COMMENT, "");
  return SECRET_MARKS.filter((mark) => mark.test(code)).map(
    (mark) => `${file}: only src/${REDACTION} may print ${mark.source}`,
  );
}

/** Cycles of imports; at least one of each knot. */
function cycles(): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file);
    if (at >= 0) found.push(`cycle: ${[...path.slice(at), file].join(" → ")}`);
    if (at >= 0 || done.has(file)) return;
    for (const next of imports.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  return found;
}
