/** Source of a build: the tree, its revision and its time. Called by build.ts and by the release. */
import { join } from "node:path";

/** The top of the tree. */
export const ROOT = join(import.meta.dir, "..", "..", "..");

/**
 * The revision that is built, with a mark when the tree differs from it. `BUILD_REVISION` names it where there is no git, as in
 * a container's build.
 */
export function revision(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const { BUILD_REVISION: named } = env;
  if (named !== undefined && named !== "") return named;
  const head = git("rev-parse", "--short=12", "HEAD");
  if (head === undefined) return "unknown";
  return isModified() ? `${head}-modified` : head;
}

/**
 * Returns true when the tree differs from its revision, or has no revision.
 *
 * @param untracked - whether new files count
 */
export function isModified({ untracked = false } = {}): boolean {
  return git("status", "--porcelain", `--untracked-files=${untracked ? "normal" : "no"}`) !== "";
}

/**
 * Returns the time of the revision, in seconds since 1970: the time of every file in a package, so that it is the same whenever it is made.
 * `SOURCE_DATE_EPOCH` wins (https://reproducible-builds.org/specs/source-date-epoch/).
 *
 * @throws Error when there is neither
 */
export function sourceTime(env: Readonly<Record<string, string | undefined>> = process.env): number {
  const { SOURCE_DATE_EPOCH: named } = env;
  const text = named ?? git("show", "-s", "--format=%ct", "HEAD");
  if (text === undefined)
    throw new Error("when was this made? There is no git revision, nor SOURCE_DATE_EPOCH");
  if (!/^[0-9]{1,10}$/.test(text)) throw new Error(`SOURCE_DATE_EPOCH: "${text}" is no number of seconds`);
  return Number(text);
}

/** Runs git and returns its output; undefined when it fails or prints nothing. */
function git(...args: readonly string[]): string | undefined {
  if (Bun.which("git") === null) return undefined;
  const run = Bun.spawnSync(["git", ...args], { cwd: ROOT, stdin: "ignore", stderr: "ignore" });
  return run.success ? run.stdout.toString().trim() : undefined;
}
