/**
 * The executable run to its end, as a command. Called by the tests of the commands and of failing starts.
 */

import { daemonPath } from "../daemon/executable.ts";
import { type Ended, readToEnd, stopProcess } from "./process.ts";

const LIMIT_MS = 20_000;

/**
 * Runs the executable and waits for its end.
 * @param cwd the working directory
 * @param env added to the environment of the test process
 * @param prefix a command that becomes the executable
 * @throws Error when it does not end within 20 s
 */
export async function runCommand(
  args: readonly string[],
  options: {
    readonly cwd?: string;
    readonly env?: Readonly<Record<string, string>>;
    readonly prefix?: readonly string[];
  } = {},
): Promise<Ended> {
  const { cwd = "/", env = {}, prefix = [] } = options;
  const child = Bun.spawn([...prefix, daemonPath(), ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    void stopProcess(child);
  }, LIMIT_MS);
  const { out, err, status } = await readToEnd(child);
  clearTimeout(timer);
  if (late) throw new Error(`${args.join(" ")} did not end within ${LIMIT_MS} ms: ${out}${err}`);
  return { status, out, err };
}
