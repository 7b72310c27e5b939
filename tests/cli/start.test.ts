/** The program loads little before it knows its command: a command of an operator waits for nothing that it does not use. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const ROOT = join(import.meta.dir, "..", "..");

/** Returns the files and packages that a file loads before its first statement, and so on. @param file - from the root */
function loadedBy(file: string): ReadonlySet<string> {
  const transpiler = new Bun.Transpiler({ loader: "ts" });
  const loaded = new Set<string>();
  const visit = (path: string) => {
    if (loaded.has(path)) return;
    loaded.add(path);
    if (!path.endsWith(".ts")) return;
    for (const { kind, path: target } of transpiler.scanImports(readFileSync(join(ROOT, path), "utf8")))
      if (kind === "import-statement")
        visit(target.startsWith(".") ? relative(ROOT, join(ROOT, dirname(path), target)) : target);
  };
  visit(file);
  return loaded;
}

test("start: the server, the checks, the log, telemetry and YAML are loaded by the commands that use them", () => {
  const loaded = [...loadedBy("src/main.ts")];
  expect(loaded).toContain("src/cli/force.ts");
  const late =
    /^(?:src\/(?:daemon|checks|config\/(?:schema|load|yaml)|telemetry|logging\/logger|monitor\/monitor)\b|yaml$|pino$|@)/;
  expect(loaded.filter((file) => late.test(file))).toEqual([]);
});
