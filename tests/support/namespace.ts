/**
 * A process with mounts of its own, for tests that need a file of the system to be another one. Called by the tests of
 * the daemon's defaults and of the system's resolver; needs root.
 */

/** Whether this process may make a mount namespace. */
export function canUnshare(): boolean {
  if (Bun.which("unshare") === null) return false;
  return Bun.spawnSync(["unshare", "-m", "true"], { stdout: "ignore", stderr: "ignore" }).success;
}

/**
 * A prefix for a command: makes a mount namespace, mounts, and becomes the command.
 * @param mounts a shell command that does the mounting
 */
export function inMountNamespace(mounts: string): string[] {
  return ["unshare", "-m", "sh", "-c", `${mounts} && exec "$0" "$@"`];
}
