/**
 * Temporary directories that remove themselves. Called by every support file that starts a process.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A directory of one's own; disposing removes it with everything in it. */
export interface TempDir extends AsyncDisposable {
  /** Absolute path; short, so that a Unix socket inside stays under the limit of 108 bytes. */
  readonly path: string;
  /** Removes it now, for exit handlers, which cannot wait. */
  remove(): void;
}

/**
 * Makes a new temporary directory.
 * @param label a short word that shows up in its name
 */
export function makeTempDir(label: string): TempDir {
  const path = mkdtempSync(join(tmpdir(), `hc-${label}-`));
  const remove = () => rmSync(path, { recursive: true, force: true });
  return {
    path,
    remove,
    [Symbol.asyncDispose]: async () => remove(),
  };
}
