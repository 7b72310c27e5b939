/** The fault suite in its long form, and within it the fuzz suite for a given time. Called by main.ts. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { killOnExit } from "../child-cleanup.ts";

const ROOT = join(import.meta.dir, "..", "..", "..");
const FAULTS = join(ROOT, "tests", "faults");

/**
 * Runs tests/faults, each fault for as long as it lasts in production.
 *
 * @param fuzzSeconds - of fuzzing, divided among the properties
 * @returns whether all held
 */
export async function faultsHold(fuzzSeconds: number): Promise<boolean> {
  const files = readdirSync(FAULTS).filter((name) => name.startsWith("fuzz-"));
  const properties = files
    .map((name) => readFileSync(join(FAULTS, name), "utf8").match(/^ {2}fuzz\(/gm)?.length ?? 0)
    .reduce((sum, count) => sum + count, 0);
  const each = Math.max(1, fuzzSeconds / Math.max(1, properties));
  const child = Bun.spawn([process.execPath, "test", join("tests", "faults")], {
    cwd: ROOT,
    env: { ...process.env, FUZZ_SECONDS: each.toFixed(1), HEALTHCHECK_SOAK: "1" },
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
  });
  using _ = killOnExit(child.pid);
  return (await child.exited) === 0;
}
