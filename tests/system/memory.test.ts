/** Memory that is given back. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { releaseStartupPages } from "../../src/system/memory.ts";

/** Pages of files in memory, in kB. */
function filePagesKb(): number {
  const [, kilobytes] = /^RssFile:\s+(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return Number(kilobytes);
}

test("memory: the pages of the executable are given back, and it runs on", () => {
  const beforeKb = filePagesKb();
  releaseStartupPages();
  expect(filePagesKb()).toBeLessThan(beforeKb * 0.8);
  expect(JSON.parse(JSON.stringify({ still: ["running"] }))).toEqual({ still: ["running"] });
});
