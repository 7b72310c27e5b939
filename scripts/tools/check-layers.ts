/**
 * Checks that the house keeps its layers: who may import whom, no cycles, no barrel files. Run by scripts/test.
 * Prints each breach with its place and ends with status 1 when there is any.
 */
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const SRC = join(import.meta.dir, "..", "..", "src");

/** Each room, and the rooms it may import from besides itself; `cli` and the files at the top wire everything. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  model: [],
  system: ["model"],
  logging: ["model"],
  config: ["model", "system", "logging"],
  protocol: ["model", "system", "logging"],
  scheduler: ["model", "system", "logging"],
  checkers: ["model", "system", "logging"],
  monitor: ["model", "system", "logging", "scheduler", "checkers"],
  manager: ["model", "system", "logging", "monitor"],
  notifier: ["model", "system", "logging"],
  metrics: ["model", "system", "logging", "config", "monitor"],
  telemetry: ["model", "system", "logging", "config", "monitor", "manager", "upstream"],
  http: ["model", "system", "logging", "monitor", "metrics", "http/page"],
  // Runs in a browser; what it shares with the server are the types of its API.
  "http/page": [],
  upstream: ["model", "system", "logging", "config", "protocol", "manager"],
};

const IMPORT = /(?:^|\n)\s*(?:import|export)\s[^;]*?from\s+"(\.[^"]+)"|import\(\s*"(\.[^"]+)"\s*\)/g;

const files = [...new Bun.Glob("**/*.{ts,tsx}").scanSync(SRC)].map((file) => normalize(file)).sort();
const imports = new Map(files.map((file) => [file, importsOf(file)]));
const breaches = [...files.flatMap(badImports), ...files.flatMap(badForm), ...cycles()];
for (const breach of breaches) process.stderr.write(`${breach}\n`);
process.stdout.write(`layers: ${files.length} files, ${breaches.length} breaches\n`);
process.exit(breaches.length === 0 ? 0 : 1);

function importsOf(file: string): string[] {
  const text = readFileSync(join(SRC, file), "utf8");
  return [...text.matchAll(IMPORT)].map((match) =>
    normalize(join(dirname(file), match[1] ?? match[2] ?? "")),
  );
}

/** The folder a file lives in; empty for the files at the top. */
function room(file: string): string {
  if (file.startsWith("http/page/")) return "http/page";
  return file.includes("/") ? (file.split("/")[0] ?? "") : "";
}

function badImports(file: string): string[] {
  const from = room(file);
  if (from === "" || from === "cli") return [];
  const allowed = ALLOWED[from];
  if (allowed === undefined)
    return [`src/${file}: the room ${from}/ is not on the plan (scripts/tools/check-layers.ts)`];
  return (imports.get(file) ?? [])
    .filter((target) => !target.startsWith("..") && room(target) !== from && !allowed.includes(room(target)))
    .map((target) => `src/${file}: ${from}/ may not import src/${target}`);
}

function badForm(file: string): string[] {
  const text = readFileSync(join(SRC, file), "utf8");
  const breaches: string[] = [];
  if (/\/?index\.tsx?$/.test(file) || /^export \* from/m.test(text))
    breaches.push(`src/${file}: a barrel file`);
  if (!text.startsWith("/**")) breaches.push(`src/${file}: does not open with a doc comment`);
  return breaches;
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
