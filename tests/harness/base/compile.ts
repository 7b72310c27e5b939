/** Compiles small C programs with gcc when a test runs. Called by tests, and by backends that are written in C. */
import { basename, join } from "node:path";

/**
 * Compiles a program.
 *
 * @param source - path of the one C file
 * @param directory - directory of the program
 * @returns the path of the program
 * @throws Error with the compiler's message
 */
export function compileC(source: string, directory: string): string {
  const program = join(directory, basename(source, ".c"));
  const command = ["gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-o", program, source];
  const compiler = Bun.spawnSync(command, { stdin: "ignore" });
  if (!compiler.success) throw new Error(`${command.join(" ")}: ${compiler.stderr}`);
  return program;
}
