/** A release of this tree for this kind of machine, made once for all tests of a run. Called by the tests of the release. */
import { existsSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isNative } from "../../scripts/releasing/runtimes.ts";
import { TARGETS } from "../../scripts/releasing/targets.ts";

const SCRIPT = join(import.meta.dir, "..", "..", "scripts", "release.ts");
/** For the hook that asks for a release first. */
export const RELEASE_LIMIT_MS = 120_000;

/** The target that this machine is. */
export const NATIVE = TARGETS.find(isNative) ?? TARGETS[0];

/** Makes a release. @throws Error with the script's words when it fails */
export function release(out: string, prefix: readonly string[] = [], env: Record<string, string> = {}): void {
  if (NATIVE === undefined) throw new Error("there are no targets");
  const args = ["--allow-modified", "--targets", NATIVE.name, "--out", out];
  const run = Bun.spawnSync([...prefix, process.execPath, SCRIPT, ...args], {
    env: { ...process.env, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  if (!run.success) throw new Error(`scripts/release: ${run.stdout}${run.stderr}`);
}

/** The directory of the release that all share. It goes when the tests end. */
export function sharedRelease(): string {
  const dir = join(tmpdir(), `hc-release-${process.pid}`);
  // Written last: with it a release is whole.
  if (existsSync(join(dir, "SHA256SUMS"))) return dir;
  process.once("exit", () => rmSync(dir, { recursive: true, force: true }));
  rmSync(dir, { recursive: true, force: true });
  release(dir);
  return dir;
}
