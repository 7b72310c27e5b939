/**
 * The whole proof, run by scripts/test: the checks of the sources and the build, the test files that may run side by side, the test files that
 * run alone (groups.ts), and a short benchmark where HAProxy is installed. Ends with the failures and `N passed, N failed, N skipped`.
 */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { MAX_WORKERS } from "../../../tests/harness/base/ports.ts";
import { type Groups, groupFiles } from "./groups.ts";
import { addSummaries, NOTHING, readSummary, type Summary } from "./summary.ts";

const ROOT = join(import.meta.dir, "..", "..", "..");
/** Duration of each test file when it last ran here; the slowest start first. */
const TIMINGS = join("node_modules", ".test-timings.json");
/** For each test that sets no other; Bun's 5 s would be a bound on the machine's speed. */
const TEST_TIMEOUT_MS = 60_000;

const CHECKS: readonly (readonly [name: string, command: readonly string[]])[] = [
  ["types", ["tsc", "--noEmit"]],
  ["types of the page", ["tsc", "--noEmit", "-p", "src/http/page"]],
  ["lint and format", ["biome", "ci", "--error-on-warnings", "."]],
  ["layers", [process.execPath, "scripts/tools/check-layers.ts"]],
  ["build", [process.execPath, "scripts/tools/build/main.ts"]],
];

const isCi = process.env["CI"] === "true";
let total: Summary = NOTHING;

for (const [name, command] of CHECKS) total = addSummaries(total, await check(name, command));
const { parallel, alone } = testFiles();
const workers = Math.min(availableParallelism(), MAX_WORKERS);
say(`tests: ${parallel.length} files, ${workers} at a time`);
const timings = [`--timings=${TIMINGS}`, "--update-timings"];
total = addSummaries(total, await runTests(parallel, [`--parallel=${workers}`, "--no-isolate", ...timings]));
say(`tests: ${alone.length} files, each alone`);
total = addSummaries(total, await runTests(alone, []));
if (isCi || Bun.which("haproxy") !== null) {
  const command = [process.execPath, "scripts/tools/bench/main.ts", "--quick"];
  total = addSummaries(total, await check("benchmark (quick)", command));
}
if (isCi && total.skipped > 0) {
  const failures = [`${total.skipped} tests were skipped, and in CI none may be`];
  total = addSummaries(total, { ...NOTHING, failed: 1, failures });
}
for (const failure of total.failures) say(`FAILED: ${failure}`);
process.stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
process.exit(total.failed === 0 ? 0 : 1);

function say(words: string): void {
  process.stdout.write(`==> ${words}\n`);
}

/** Runs a command that passes or fails as a whole. */
async function check(name: string, command: readonly string[]): Promise<Summary> {
  say(name);
  const child = Bun.spawn([...command], { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"] });
  if ((await child.exited) === 0) return { ...NOTHING, passed: 1 };
  say(`FAILED: ${name}`);
  return { ...NOTHING, failed: 1, failures: [name] };
}

function testFiles(): Groups {
  const paths = [...new Bun.Glob("tests/**/*.test.{ts,tsx}").scanSync(ROOT)].sort();
  return groupFiles(paths.map((path) => [path, readFileSync(join(ROOT, path), "utf8")]));
}

/** Runs test files with one `bun test`, and passes its output on. */
async function runTests(files: readonly string[], options: readonly string[]): Promise<Summary> {
  if (files.length === 0) return NOTHING;
  // With `./` in front a path is that file, and not part of a name.
  const command = [
    process.execPath,
    "test",
    `--timeout=${TEST_TIMEOUT_MS}`,
    ...options,
    ...files.map((file) => `./${file}`),
  ];
  const child = Bun.spawn(command, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  const outputs = await Promise.all([child.stdout, child.stderr].map(passOn));
  return readSummary(outputs.join("\n"), await child.exited, files.length);
}

/** Writes a stream to standard output as it comes. @returns all of it */
async function passOn(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    process.stdout.write(chunk);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
