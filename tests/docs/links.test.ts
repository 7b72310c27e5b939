/** README.md, CONTRIBUTING.md and docs/: every link leads somewhere, and every file that is named is there. */
import { expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { anchors, pages, prose, ROOT, readText } from "../harness/base/markdown.ts";

/** A path of the project, wherever it stands: in a sentence, a table or a command. */
const NAMED = /(?<![\w./~-])(?:src|tests|scripts|docs|examples|\.ci)\/[\w./*-]*/g;

/** Links to pages and pictures of the project; those to other sites are not looked at. */
function links(page: string): { readonly link: string; readonly file: string; readonly anchor: string }[] {
  const found = [...prose(readText(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
  return found
    .filter((link) => !/^[a-z]+:/.test(link))
    .map((link) => {
      const [path = "", anchor = ""] = link.split("#");
      return { link, file: path === "" ? page : normalize(join(dirname(page), path)), anchor };
    });
}

/** A file, a directory, a pattern of files, or the beginning of their names, as `bun test` takes it. */
function isThere(path: string): boolean {
  if (path.includes("*")) return [...new Bun.Glob(path).scanSync(ROOT)].length > 0;
  if (existsSync(join(ROOT, path))) return true;
  const start = path.slice(path.lastIndexOf("/") + 1);
  const dir = join(ROOT, dirname(path));
  return path.endsWith("-") && existsSync(dir) && readdirSync(dir).some((name) => name.startsWith(start));
}

test("docs: there are pages, and they have links", () => {
  expect(pages()).toContain("README.md");
  expect(pages()).toContain("CONTRIBUTING.md");
  expect(pages().flatMap(links).length).toBeGreaterThan(30);
});

test("docs: every link leads to a file", () => {
  const dead = pages().flatMap((page) =>
    links(page).flatMap(({ link, file }) => (existsSync(join(ROOT, file)) ? [] : [`${page}: ${link}`])),
  );
  expect(dead).toEqual([]);
});

test("docs: every link to a heading leads to one", () => {
  const dead = pages().flatMap((page) =>
    links(page).flatMap(({ link, file, anchor }) => {
      const misses = anchor !== "" && file.endsWith(".md") && existsSync(join(ROOT, file));
      return misses && !anchors(readText(file)).has(anchor) ? [`${page}: ${link}`] : [];
    }),
  );
  expect(dead).toEqual([]);
});

test("docs: every file of the project that is named is there", () => {
  const missing = pages().flatMap((page) => {
    const named = [...readText(page).matchAll(NAMED)].map(([path]) => path.replace(/[./]+$/, ""));
    return [...new Set(named)].filter((path) => !isThere(path)).map((path) => `${page}: ${path}`);
  });
  expect(missing).toEqual([]);
});
