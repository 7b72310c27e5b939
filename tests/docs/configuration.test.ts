/** docs/configuration.md and the JSON Schemas: fresh, and complete. */
import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { VARIABLES } from "../../scripts/tools/docs/environment.ts";
import { generatedFiles } from "../../scripts/tools/docs/generated.ts";
import { fill, table } from "../../scripts/tools/docs/markdown.ts";
import { checkTypeNames } from "../../src/checks/registry.ts";
import { validateConfig } from "../../src/config/load.ts";
import { DEFAULT_CONFIG, leaves, toFile } from "../../src/config/schema.ts";
import { fieldsOfType } from "../../src/protocol/healthcheck-schema.ts";

const ROOT = join(import.meta.dir, "..", "..");
const PAGE = readFileSync(join(ROOT, "docs", "configuration.md"), "utf8");

test.each(generatedFiles().map(({ path, text }) => [path, text] as const))(
  "docs: %s is fresh",
  (path, text) => {
    const stale = readFileSync(join(ROOT, path), "utf8") !== text;
    if (stale) throw new Error(`${path} is stale: run scripts/docs and commit what it writes`);
  },
);

test("docs: configuration.md has every key in the table of its section, with default and effect", () => {
  for (const { section, name, about } of leaves()) {
    const [, chapter = ""] = PAGE.split(`### \`${section}\`\n`);
    const row = chapter.split("\n").find((line) => line.startsWith(`| \`${name}\` `)) ?? "";
    expect([`${section}.${name}`, row.includes(about.about), row.includes(about.range)]).toEqual([
      `${section}.${name}`,
      true,
      true,
    ]);
  }
});

test("docs: the whole file in configuration.md is valid and holds the defaults", () => {
  const [, text = ""] = /## The whole file\n.*?```yaml\n(.*?)```/s.exec(PAGE) ?? [];
  expect(parse(text)).toEqual(toFile(DEFAULT_CONFIG));
  expect(validateConfig(text)).toMatchObject({ config: DEFAULT_CONFIG, faults: [], warnings: [] });
});

test("docs: every file that configuration.md links to is there", () => {
  const links = [...PAGE.matchAll(/\]\(([^)#:]+)\)/g)].map(([, link = ""]) => link);
  expect(links.length).toBeGreaterThanOrEqual(4);
  expect(links.filter((link) => !existsSync(join(ROOT, "docs", link)))).toEqual([]);
});

test("docs: every message that configuration.md quotes is one of the program's", () => {
  const sources = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => readFileSync(join(ROOT, "src", file), "utf8"))
    .join("\n");
  const quoted = [...PAGE.matchAll(/`([A-Z][a-z]+ [^`]*)`/g)].map(([, message = ""]) => message);
  expect(quoted.length).toBeGreaterThanOrEqual(4);
  const missing = quoted.filter((message) => !sources.includes(message.replace(/FILE$/, "")));
  expect(missing).toEqual([]);
});

test("docs: the examples of errors in configuration.md are the program's output", () => {
  const [fault] = validateConfig("# one\nbatching:\n  max_size: 0\n").faults;
  const [warning] = validateConfig("bathing: {}\n").warnings;
  for (const one of [fault, warning]) {
    expect(PAGE).toContain(`yaml:${one?.line}:${one?.column}: ${one?.key}: ${one?.message}\n`);
  }
});

test("docs: every environment variable that the program reads is documented, and no other", () => {
  const read = new Set(["HOME"]); // by os.homedir()
  for (const file of readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".ts")) continue;
    const text = readFileSync(join(ROOT, "src", file), "utf8");
    for (const [, name = ""] of text.matchAll(/[eE]nv\["([A-Z_]+)"\]/g)) read.add(name);
  }
  const documented = VARIABLES.map(({ name }) => name);
  // Add what is missing to scripts/tools/docs/environment.ts.
  expect([...read].sort()).toEqual(documented.toSorted());
});

test("docs: configuration.md has every healthcheck field in the table of its check type", () => {
  for (const type of checkTypeNames()) {
    const [, chapter = ""] = PAGE.split(`### \`checker_type: ${type}\`\n`);
    for (const { name, about, range } of fieldsOfType(type) ?? []) {
      const row = chapter.split("\n").find((line) => line.startsWith(`| \`${name}\` `)) ?? "";
      expect([type, name, row.includes(about), row.includes(range)]).toEqual([type, name, true, true]);
    }
  }
});

test("docs: a template with an unfilled placeholder, or a text without a placeholder, is an error", () => {
  expect(fill("a {{x}} b", { x: "1" })).toBe("a 1 b");
  expect(() => fill("{{x}}", {})).toThrow("{{x}}");
  expect(() => fill("", { x: "1" })).toThrow("x");
});

test("docs: the columns of a wide table are not aligned", () => {
  const wide = "c".repeat(150);
  expect(
    table(
      ["key", "b"],
      [
        ["a", wide],
        ["long", "d"],
      ],
    ),
  ).toBe(`| key | b   |\n| --- | --- |\n| a   | ${wide} |\n| long | d   |`);
});

test("docs: tables are aligned, and a bar in a cell does not end it", () => {
  expect(table(["key", "b"], [["a|b", "cccc"]])).toBe("| key  | b    |\n| ---- | ---- |\n| a\\|b | cccc |");
});
