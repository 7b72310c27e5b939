/** docs/security.md and the sources: what it names is there. */
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "..", "..");
const TEXT = readFileSync(join(ROOT, "docs", "security.md"), "utf8");

test("docs: every file that security.md names exists", () => {
  const files = [...TEXT.matchAll(/`((?:src|tests)\/[\w./-]+)`/g)].map(([, file = ""]) => file);
  expect(files.length).toBeGreaterThan(20);
  expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
});

test("docs: every bound that security.md names is in its file", () => {
  const bounds = [...TEXT.matchAll(/`(src\/[\w./-]+)` `(\w+)`/g)];
  expect(bounds.length).toBeGreaterThan(15);
  for (const [whole, file = "", name = ""] of bounds) {
    const declared = new RegExp(`(?:const|interface) ${name}\\b`).test(
      readFileSync(join(ROOT, file), "utf8"),
    );
    expect([whole, declared]).toEqual([whole, true]);
  }
});
