/** Runs a program of the system that the release needs. */

/**
 * Runs it to its end.
 *
 * @param env - added to this process's
 * @throws Error when it is missing, or with its words when it fails
 */
export function run(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): void {
  if (Bun.which(program) === null) throw new Error(`${program} is not installed`);
  const done = Bun.spawnSync([program, ...args], {
    env: { ...process.env, ...env, LC_ALL: "C" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  if (!done.success)
    throw new Error(`${program} ${args.join(" ")}: ${`${done.stdout}${done.stderr}`.trim()}`);
}
