/** Runs a program of the system that the release needs. */

/**
 * Runs it to its end.
 *
 * @param env - added to this process's
 * @returns what it wrote to its standard output
 * @throws Error when it is missing, or with its words when it fails
 */
export async function run(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  if (Bun.which(program) === null) throw new Error(`${program} is not installed`);
  const child = Bun.spawn([program, ...args], {
    env: { ...process.env, ...env, LC_ALL: "C" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, status] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${`${out}${err}`.trim()}`);
  return out;
}
