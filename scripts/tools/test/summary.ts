/** Reads what `bun test` prints: the counts at its end, and the tests that failed. Called by main.ts. */
import { stripVTControlCharacters } from "node:util";

/** The outcome of a run; each check before the tests counts as one test. */
export interface Summary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** One line for each failure. */
  readonly failures: readonly string[];
}

/** A run that has tried nothing. */
export const NOTHING: Summary = { passed: 0, failed: 0, skipped: 0, failures: [] };

const FAILURE = /^\(fail\) |^✗ /;
const FILES = /^Ran \d+ tests? across (\d+) files?\./m;

/**
 * Reads the output of one `bun test`. A run that ended badly without a failed test, or did not reach its last file, has failed all the same.
 *
 * @param output - its standard output and standard error, colors included
 * @param status - its exit status
 * @param files - how many test files it was given
 */
export function readSummary(output: string, status: number, files: number): Summary {
  const text = stripVTControlCharacters(output);
  const count = (word: string) => Number(lastMatch(text, new RegExp(`^ *(\\d+) ${word}$`, "gm")) ?? 0);
  const failed = count("fail");
  // Bun names the failures of a long run once more at its end.
  const failures = new Set(text.split("\n").filter((line) => FAILURE.test(line)));
  const ran = Number(FILES.exec(text)?.[1] ?? 0);
  const broken: string[] = [];
  if (status !== 0 && failed === 0) broken.push(`bun test ended with status ${status}`);
  if (ran !== files) broken.push(`bun test ran ${ran} of ${files} files`);
  return {
    passed: count("pass"),
    failed: failed + broken.length,
    skipped: count("skip"),
    failures: [...failures, ...broken],
  };
}

/** Adds two outcomes. */
export function addSummaries(a: Summary, b: Summary): Summary {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
    failures: [...a.failures, ...b.failures],
  };
}

function lastMatch(text: string, pattern: RegExp): string | undefined {
  return [...text.matchAll(pattern)].at(-1)?.[1];
}
