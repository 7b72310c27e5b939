/** A release of this tree for this kind of machine, made once for all tests of a run. Called by the tests of the release. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../scripts/tools/build/source.ts";
import { isNative } from "../../scripts/tools/release/runtimes.ts";
import { TARGETS } from "../../scripts/tools/release/targets.ts";

const SCRIPT = join(ROOT, "scripts", "tools", "release", "main.ts");
/** For the hook that asks for a release first. */
export const RELEASE_LIMIT_MS = 120_000;

/** The target that this machine is. */
export const NATIVE = TARGETS.find(isNative) ?? TARGETS[0];

/**
 * Makes a release.
 *
 * @param prefix - a command that runs the script as its arguments
 * @param options - further options of the script
 * @throws Error with the script's words when it fails
 */
export function release(
  out: string,
  prefix: readonly string[] = [],
  env: Record<string, string> = {},
  options: readonly string[] = [],
): void {
  if (NATIVE === undefined) throw new Error("there are no targets");
  const args = ["--allow-modified", "--targets", NATIVE.name, "--out", out, ...options];
  const run = Bun.spawnSync([...prefix, process.execPath, SCRIPT, ...args], {
    env: { ...process.env, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: RELEASE_LIMIT_MS,
    killSignal: "SIGKILL",
  });
  if (!run.success) throw new Error(`scripts/release: ${run.stdout}${run.stderr}`);
}

/** The directory of the release that all share. It stays until the next run of the tests makes its own. */
export function sharedRelease(): string {
  const dir = join(ROOT, "dist", "release-under-test");
  const maker = `${dir}.maker`;
  const we = `${process.pid} ${performance.timeOrigin}`;
  if (existsSync(maker) && readFileSync(maker, "utf8") === we) return dir;
  rmSync(dir, { recursive: true, force: true });
  release(dir);
  writeFileSync(maker, we);
  return dir;
}
