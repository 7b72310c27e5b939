/** Small programs in C that tests need: compiled by gcc when a test runs. Called by the tests and by backends that are written in C. */
import { basename, join } from "node:path";

/**
 * Compiles a program.
 *
 * @param source - path of the one C file
 * @param directory - where the program goes
 * @returns the path of the program
 * @throws Error with the compiler's words
 */
export function compileC(source: string, directory: string): string {
  const program = join(directory, basename(source, ".c"));
  const command = ["gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-o", program, source];
  const made = Bun.spawnSync(command, { stdin: "ignore" });
  if (!made.success) throw new Error(`${command.join(" ")}: ${made.stderr}`);
  return program;
}
