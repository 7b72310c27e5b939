/** The language of documentation and sources: the rules of CONTRIBUTING.md "Language" that a machine can check. Run by `bun test`. */
import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { pages, ROOT, readText } from "../harness/base/markdown.ts";
import {
  findBannedNames,
  findBannedStarts,
  findBannedWords,
  findUndocumented,
  withoutBlocks,
  withoutCode,
} from "./prose.ts";

const MAX_LINE = 120;
/** Of a table row: a cell is one line in Markdown. */
const MAX_ROW = 245;

/** Pages that `scripts/docs` writes: their tables and lists are made from sources, which wrap them elsewhere. */
const GENERATED = ["docs/configuration.md", "docs/verdicts.md"];

const TEMPLATES = ["configuration", "verdicts"].map((name) => `scripts/tools/docs/${name}.template.md`);
const WRITTEN = [...pages().filter((page) => !GENERATED.includes(page)), ...TEMPLATES];
const EXAMPLES = list("examples").filter((path) => /\.(?:md|ya?ml|conf|service)$/.test(path));

/** The files below a directory whose path matches. */
function list(dir: string, wanted = /\.\w+$/): string[] {
  return readdirSync(join(ROOT, dir), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(ROOT, join(parentPath, name)))
    .filter((path) => wanted.test(path));
}

test("prose: pages, templates and examples have no banned word", () => {
  const held = [...new Set([...pages(), ...TEMPLATES])];
  expect(held.length).toBeGreaterThan(12);
  expect(held.flatMap((page) => findBannedWords(page, withoutCode(readText(page))))).toEqual([]);
  expect(EXAMPLES.flatMap((path) => findBannedWords(path, readText(path)))).toEqual([]);
});

test("prose: the sources have no banned word and no banned name", () => {
  const sources = list("src").filter((path) => /\.tsx?$/.test(path));
  expect(sources.length).toBeGreaterThan(100);
  const found = sources.flatMap((path) => {
    const text = readText(path);
    return [...findBannedWords(path, text), ...findBannedNames(path, text), ...findBannedStarts(path, text)];
  });
  expect(found).toEqual([]);
});

test("prose: the scripts have no banned word and no banned name", () => {
  const scripts = list("scripts", /(?:\.(?:tsx?|md|sh)|\/[a-z-]+)$/);
  expect(scripts.length).toBeGreaterThan(50);
  const found = scripts.flatMap((path) => {
    const text = readText(path);
    // The files of Debian's packages name fields that Debian chose, such as Upstream-Name.
    const names = path.endsWith(".ts") ? findBannedNames(path, text) : [];
    return [...findBannedWords(path, text), ...names, ...findBannedStarts(path, text)];
  });
  expect(found).toEqual([]);
});

test("prose: the tests have no banned word and no banned name", () => {
  // The rules and their own tests quote the forms.
  const tests = list("tests").filter(
    (path) => /\.(?:tsx?|go|c|py|sh)$/.test(path) && !path.startsWith("tests/docs/prose."),
  );
  expect(tests.length).toBeGreaterThan(400);
  const found = tests.flatMap((path) => {
    const text = readText(path);
    return [...findBannedWords(path, text), ...findBannedNames(path, text), ...findBannedStarts(path, text)];
  });
  expect(found).toEqual([]);
});

test("prose: every exported type, class and function has a doc comment", () => {
  const sources = ["src", "scripts", "tests/harness"].flatMap((dir) => list(dir, /\.tsx?$/));
  expect(sources.length).toBeGreaterThan(400);
  expect(sources.flatMap((path) => findUndocumented(path, readText(path)))).toEqual([]);
});

test("prose: written pages have one line width, and no table row is much wider", () => {
  const long = WRITTEN.flatMap((page) =>
    withoutBlocks(readText(page))
      .split("\n")
      .flatMap((line, at) =>
        line.length > (line.startsWith("|") ? MAX_ROW : MAX_LINE)
          ? [`${page}:${at + 1}: ${line.length}`]
          : [],
      ),
  );
  expect(long).toEqual([]);
});

test.each([
  ["Whoever connects is served.", "Whoever"],
  ["The client is told.", "told"],
  ["checks go on", "go on"],
  ["so many healthchecks", "so many"],
  ["a time-out, a look-up, a name server", "time-out"],
  ["/** See the head of the file. */", "See the head of the file"],
  ["normalised", "normalised"],
  ["it gives up, and says so", "says so"],
  ["const toldMs = 1;", "toldMs"],
  ["heardOf(1)", "heardOf"],
  ["cancelled", "cancelled"],
  ["ten per cent", "per cent"],
  ["slowestTold()", "slowestTold"],
  ["It is sent. What is pending waits.", "What"],
  ["// What it writes is logged.", "What"],
  ["he may retry", "he may"],
  ["asked in vain", "in vain"],
  ["the address stands in brackets", "stands in"],
])("prose: %p is found", (text, form) => {
  expect(findBannedWords("page", `\n${text}`)[0]).toStartWith(`page:2: "${form}": write `);
});

test.each([
  "timeout and lookup",
  "the backend refused the connection",
  "cargo on board",
  "a recommended value",
  "a fake that stands in for the kernel",
  "It is asked. What is a target? What backends see of it:",
])("prose: %p is plain", (text) => {
  expect(findBannedWords("page", text)).toEqual([]);
});

test.each([
  ["const MOST_LINES = 1;", "MOST_LINES"],
  ["unalive()", "unalive"],
  ["class FileUpstream {}", "FileUpstream"],
  ["judgeAnswer()", "judgeAnswer"],
])("prose: %p has a banned name", (text, name) => {
  expect(findBannedNames("file", text)).toEqual([expect.stringContaining(`"${name}"`)]);
});

test.each([
  ["/** Whether it is open. */", 'file:1: "Whether"'],
  ["x\n/**\n * What it is.\n */", 'file:3: "What"'],
])("prose: %j begins with a clause", (source, found) => {
  expect(findBannedStarts("file", source)).toEqual([`${found}: begin with a verb or a noun`]);
  expect(findBannedStarts("file", "/** Returns what it is. */")).toEqual([]);
});

test("prose: an export without a doc comment is found, also behind a comment that gives a reason", () => {
  const source = "/** A. */\nexport class A {}\n\nexport async function b() {}\n// why\nexport type C = A;\n";
  expect(findUndocumented("file", source)).toEqual(["file:4: b", "file:6: C"]);
  expect(findUndocumented("file", "/** D. */\n// why\nexport interface D {}\n")).toEqual([]);
});

test("prose: code in Markdown is not read, and lines keep their numbers", () => {
  const text = "a\n```bash\ntold\n```\n`told` told\n";
  expect(findBannedWords("page", withoutCode(text))).toEqual([expect.stringContaining('page:5: "told"')]);
});
