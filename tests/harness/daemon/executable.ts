/**
 * The executable under test; built first when it is missing or older than the sources. Called by daemon.ts and
 * command.ts.
 */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "..", "..", "..");
const BUILT = join(ROOT, "dist", "healthcheck-server");
let checked = false;

/**
 * The path of the executable: `HEALTHCHECK_SERVER_BIN`, or `dist/healthcheck-server` of this project.
 * @throws Error with the compiler's words when it cannot be built
 */
export function daemonPath(): string {
  const { HEALTHCHECK_SERVER_BIN } = process.env;
  if (HEALTHCHECK_SERVER_BIN !== undefined) return HEALTHCHECK_SERVER_BIN;
  if (!checked && isStale()) build();
  checked = true;
  return BUILT;
}

function isStale(): boolean {
  const built = statSync(BUILT, { throwIfNoEntry: false });
  if (built === undefined) return true;
  const sources = readdirSync(join(ROOT, "src"), { recursive: true, withFileTypes: true });
  return sources.some(
    (entry) => entry.isFile() && statSync(join(entry.parentPath, entry.name)).mtimeMs > built.mtimeMs,
  );
}

function build(): void {
  const built = Bun.spawnSync([process.execPath, join(ROOT, "scripts", "tools", "build", "main.ts")], {
    stdout: "pipe",
    stderr: "pipe",
  });
  if (!built.success) throw new Error(`build the executable: ${built.stdout}${built.stderr}`);
}
