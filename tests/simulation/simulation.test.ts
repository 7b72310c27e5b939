/** The seeded simulation of the whole server, and proof that it finds faults. */
import { expect, test } from "bun:test";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { PLANTED_FAULTS } from "./planted.ts";

const ROOT = join(import.meta.dir, "..", "..");
const SECONDS = 20;
/** A planted fault ends the search when it is found; on a busy machine that is after a few simulations a second. */
const SEARCH_SECONDS = 180;
const limitMs = (seconds: number) => (seconds + 40) * 1_000;

/** Runs simulations in a process of their own, whose clock is theirs. */
async function simulate(
  root: string,
  seconds: number,
): Promise<{ readonly status: number; readonly output: string }> {
  const script = join(root, "tests/simulation/simulate.ts");
  const child = Bun.spawn([process.execPath, script, "--seconds", String(seconds)], {
    cwd: root,
    stdout: "pipe",
    stderr: "ignore",
  });
  return { output: await new Response(child.stdout).text(), status: await child.exited };
}

test(
  `simulation: ${SECONDS} s of random faults break none of the three promises`,
  async () => {
    const { status, output } = await simulate(ROOT, SECONDS);
    // A failing seed is in the output: `bun tests/simulation/simulate.ts --seed N` repeats it.
    expect({ status, output }).toMatchObject({
      status: 0,
      output: expect.stringContaining("every promise kept"),
    });
  },
  limitMs(SECONDS),
);

test.each(PLANTED_FAULTS)(
  "simulation: finds $name",
  async ({ promise, file, find, replace }) => {
    await using dir = makeTempDir("sim");
    for (const part of ["src", "tests/simulation", "tests/harness"]) {
      mkdirSync(join(dir.path, part), { recursive: true });
      cpSync(join(ROOT, part), join(dir.path, part), { recursive: true });
    }
    for (const part of ["package.json", "tsconfig.json", "bunfig.toml"])
      cpSync(join(ROOT, part), join(dir.path, part));
    symlinkSync(join(ROOT, "node_modules"), join(dir.path, "node_modules"));
    const path = join(dir.path, "src", file);
    const source = readFileSync(path, "utf8");
    expect(source.split(find).length).toBe(2);
    writeFileSync(
      path,
      source.replace(find, () => replace),
    );
    const { status, output } = await simulate(dir.path, SEARCH_SECONDS);
    expect({ status, output }).toMatchObject({
      status: 1,
      output: expect.stringMatching(new RegExp(`^seed \\d+: ${promise}:`)),
    });
  },
  limitMs(SEARCH_SECONDS),
);

test("simulation: a seed repeats exactly", async () => {
  const script = join(ROOT, "tests/simulation/simulate.ts");
  const run = async () => {
    const args = ["--seed", "7", "--steps", "60", "--trace"];
    const child = Bun.spawn([process.execPath, script, ...args], { cwd: ROOT, stdout: "pipe" });
    return await new Response(child.stdout).text();
  };
  const [first, second] = await Promise.all([run(), run()]);
  expect(first).toBe(second);
  expect(first.split("\n").length).toBeGreaterThan(100);
});
