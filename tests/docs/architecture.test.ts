/** docs/architecture.md and the sources: its rooms are those of the plan, and what it names in a file is in that file. */
import { expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { prose, ROOT, readText, tableRows } from "../harness/base/markdown.ts";

const TEXT = readText("docs/architecture.md");

/** The plan, as scripts/tools/check-layers.ts holds it. */
function plan(): Map<string, string[]> {
  const [, body = ""] = /ALLOWED[^=]*= \{\n(.*?)\n\};/s.exec(readText("scripts/tools/check-layers.ts")) ?? [];
  const entries = [...body.matchAll(/^ {2}"?([\w/]+)"?: \[([^\]]*)\],$/gm)];
  return new Map(
    entries.map(([, room = "", list = ""]) => [
      room,
      [...list.matchAll(/"([^"]+)"/g)].map(([, name = ""]) => name),
    ]),
  );
}

test("docs: the rooms are those of the plan, and may import what it allows", () => {
  const rooms = tableRows(TEXT, ["room"]).map(([room = "", , allowed = ""]): [string, string[]] => [
    room.replace(/^`src\/|`$/g, ""),
    allowed.startsWith("nothing") ? [] : allowed.split(", "),
  ]);
  expect(rooms.length).toBeGreaterThan(10);
  expect(new Map(rooms.toSorted())).toEqual(new Map([...plan()].toSorted()));
});

test("docs: what architecture.md names beside a file is in that file", () => {
  const pairs = [
    ...TEXT.matchAll(/`#?([A-Za-z]\w+)` (?:in|\() ?`?(src\/[\w./-]+\.ts|tests\/[\w./-]+\.ts)`/g),
  ];
  expect(pairs.length).toBeGreaterThan(3);
  for (const [, name = "", file = ""] of pairs) {
    expect([file, existsSync(join(ROOT, file))]).toEqual([file, true]);
    expect([file, name, new RegExp(`\\b${name}\\b`).test(readText(file))]).toEqual([file, name, true]);
  }
});

test("docs: every type, function and file that architecture.md names exists", () => {
  const files = ["src", "tests", "scripts"].flatMap((dir) =>
    readdirSync(join(ROOT, dir), { recursive: true, encoding: "utf8" }).map((path) => join(dir, path)),
  );
  const sources = files
    .filter((path) => /\.tsx?$/.test(path))
    .map(readText)
    .join("\n");
  const named = [...prose(TEXT).matchAll(/`([\w./-]+)`/g)].map(([, name = ""]) => name);
  const fileNames = named.filter((name) => /\.(?:ts|tsx|c|go)$/.test(name));
  expect(fileNames.length).toBeGreaterThan(100);
  expect(fileNames.filter((name) => !files.some((path) => `/${path}`.endsWith(`/${name}`)))).toEqual([]);
  const identifiers = named.filter((name) => /^[A-Za-z]\w*[a-z][A-Z]\w*$|^[A-Z][a-z]+$/.test(name));
  expect(identifiers.length).toBeGreaterThan(20);
  expect(identifiers.filter((name) => !new RegExp(`\\b${name}\\b`).test(sources))).toEqual([]);
});

test("docs: every directory of tests is in the table, or has the name of a room", () => {
  const dirs = (path: string) =>
    readdirSync(join(ROOT, path), { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [entry.name] : [],
    );
  const rooms = dirs("src");
  const named = tableRows(TEXT, ["where", "what"]).flatMap(([cell = ""]) =>
    [...cell.matchAll(/`tests\/(\w+)`/g)].map(([, name = ""]) => name),
  );
  expect(named.length).toBeGreaterThan(15);
  expect(dirs("tests").filter((name) => !rooms.includes(name) && !named.includes(name))).toEqual([]);
  expect(named.filter((name) => !dirs("tests").includes(name))).toEqual([]);
});
