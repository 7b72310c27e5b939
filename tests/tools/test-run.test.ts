/** Tests of how scripts/test splits the test files and counts what `bun test` prints. */
import { expect, test } from "bun:test";
import { groupFiles } from "../../scripts/tools/test/groups.ts";
import { readSummary } from "../../scripts/tools/test/summary.ts";

const ENDED_WELL = " 12 pass\n 1 skip\n 0 fail\n 40 expect() calls\nRan 13 tests across 2 files. [9.00ms]\n";

test("groups: a file whose head says `// alone: REASON` runs alone", () => {
  const files = [
    ["a", "/** A. */\n// alone: measures time\nimport x;\n"],
    ["b", "/** B. */\nimport x;\n"],
    ["c", "/** C says `// alone: x` within a sentence. */\n"],
    ["d", "/** D. */\n// alone:\n"],
  ] as const;
  expect(groupFiles(files)).toEqual({ parallel: ["b", "c", "d"], alone: ["a"] });
});

test("summary: the counts are those at the end of the output, colors aside", () => {
  const output = `(pass) one\n 3 fail\n\u001b[32m 12 pass\u001b[0m\n 1 skip\n 0 fail\nRan 13 tests across 2 files. [9.00ms]\n`;
  expect(readSummary(output, 0, 2)).toEqual({ passed: 12, failed: 0, skipped: 1, failures: [] });
});

test("summary: failed tests and crashed files are named", () => {
  const output = `(fail) two [3.00ms]\n✗ c.test.ts (worker crashed: SIGKILL)\n\n(fail) two [3.00ms]\n\n 1 pass\n 2 fail\nRan 3 tests across 2 files. [9.00ms]\n`;
  expect(readSummary(output, 1, 2)).toEqual({
    passed: 1,
    failed: 2,
    skipped: 0,
    failures: ["(fail) two [3.00ms]", "✗ c.test.ts (worker crashed: SIGKILL)"],
  });
});

test.each([
  ["a bad status without a failed test", ENDED_WELL, 1, "bun test ended with status 1"],
  ["an end before the last file", ENDED_WELL.replace("2 files", "1 file"), 0, "bun test ran 1 of 2 files"],
  ["an end without counts", "(pass) one\n", 0, "bun test ran 0 of 2 files"],
])("summary: %s is a failure", (_, output, status, failure) => {
  expect(readSummary(output, status, 2)).toMatchObject({ failed: 1, failures: [failure] });
});
