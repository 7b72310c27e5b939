/** docs/architecture.md and the sources: its rooms are those of the plan, and what it names in a file is in that file. */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT, readText, tableRows } from "../harness/base/markdown.ts";

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
