/** Compiles the executable; called by scripts/build, and by tests that find none. */
import { mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { version } from "../package.json";

const ROOT = join(import.meta.dir, "..");
const TARGET = join(ROOT, "dist", "healthcheck-server");

/** The revision that is built, with a mark when the tree differs from it. */
function revision(): string {
  const git = (...args: string[]) => Bun.spawnSync(["git", ...args], { cwd: ROOT, stderr: "ignore" });
  const head = git("rev-parse", "--short=12", "HEAD");
  if (!head.success) return "unknown";
  const dirty = git("status", "--porcelain", "--untracked-files=no").stdout.length > 0;
  return `${head.stdout.toString().trim()}${dirty ? "-modified" : ""}`;
}

mkdirSync(join(ROOT, "dist"), { recursive: true });
const built = revision();
process.stdout.write(
  `==> building healthcheck-server ${version} (revision ${built}) with Bun ${Bun.version}\n`,
);
// Written beside its place and moved, so that a running executable is not disturbed.
const drafts = `${TARGET}.${process.pid}.tmp`;
const draft = join(drafts, "healthcheck-server");
mkdirSync(drafts);
const build = Bun.spawnSync(
  [
    process.execPath,
    "build",
    "--compile",
    "--minify",
    "--bytecode",
    // What is loaded when it is switched on (serving, telemetry) takes no memory until then.
    "--splitting",
    "--format=esm",
    "--sourcemap=inline", // stacks in the log name files and lines of the sources
    "--no-compile-autoload-dotenv",
    "--no-compile-autoload-bunfig",
    `--define=BUILD_REVISION=${JSON.stringify(built)}`,
    join(ROOT, "src", "main.ts"),
    `--outfile=${draft}`,
  ],
  { cwd: ROOT, stdout: "pipe", stderr: "inherit" },
);
if (build.success) renameSync(draft, TARGET);
// Source maps are left there, of which the executable has its own copies inside.
rmSync(drafts, { recursive: true });
if (!build.success) {
  process.stderr.write(build.stdout);
  process.exit(1);
}
process.stdout.write(`==> ${TARGET.slice(ROOT.length + 1)}: ${Math.round(statSync(TARGET).size / 1e6)} MB\n`);
