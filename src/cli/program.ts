/** The command line: arguments in, exit status out. */
import { type Command, CommanderError } from "commander";
import { printableLines } from "../model/printable.ts";
import { SignalQueue } from "../system/signals.ts";
import { baseProgram, DEFAULT_COMMAND, PROGRAM } from "./base-program.ts";
import type { Output } from "./check-config.ts";
import { EXIT } from "./exit.ts";
import { addOverrideCommands, OVERRIDE_COMMANDS } from "./override-commands.ts";
import type { Environment } from "./settings.ts";
import { UsageError } from "./usage.ts";

/**
 * Runs a command line.
 *
 * @param args - without the program's name
 * @param signals - of this process: `run` listens to them, every other command releases them
 * @param argv0 - name or path by which the program was started: that of Google's health checker selects its command line
 * @returns the exit status
 */
export async function main(
  args: readonly string[],
  env: Environment,
  terminal: Output,
  signals?: SignalQueue,
  argv0: string = PROGRAM,
): Promise<number> {
  let status: number = EXIT.ok;
  const output = printableOutput(terminal);
  const finish = (done: number) => {
    status = done;
  };
  try {
    const program = await programFor(args, argv0, env, output, finish, signals);
    if (program === undefined) {
      const { runSeesawHealthcheck } = await import("./seesaw-healthcheck.ts");
      return await runSeesawHealthcheck(argv0, args, env, output, signals ?? new SignalQueue());
    }
    await program.parseAsync([...args], { from: "user" });
    return status;
  } catch (error) {
    if (error instanceof UsageError) {
      output.err(`error: ${error.message}\n`);
      return EXIT.usage;
    }
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
}

/**
 * Makes the definitions that a command line needs. Those of an operator's command are few and load little: what is forced is reported
 * some 30 ms earlier.
 *
 * @returns undefined for a command line of Google's health checker
 */
async function programFor(
  args: readonly string[],
  argv0: string,
  env: Environment,
  output: Output,
  done: (status: number) => void,
  signals: SignalQueue | undefined,
): Promise<Command | undefined> {
  if (OVERRIDE_COMMANDS.some((name) => name === args[0])) {
    const program = baseProgram(output, signals);
    addOverrideCommands(program, env, output, done);
    return program;
  }
  const [{ makeProgram }, { isSeesawHealthcheck }] = await Promise.all([
    import("./commands.ts"),
    import("./seesaw-name.ts"),
  ]);
  const program = makeProgram(env, output, done, signals);
  return isSeesawHealthcheck(argv0, args, askingCommands(program)) ? undefined : program;
}

/** The commands besides the one that serves. */
function askingCommands(program: Command): string[] {
  return [...program.commands.map((command) => command.name()), "help"].filter(
    (name) => name !== DEFAULT_COMMAND,
  );
}

/** Escapes control sequences in the output of every command: text of a server, a backend or a file may contain some. */
function printableOutput(output: Output): Output {
  return {
    out: (text) => output.out(printableLines(text)),
    err: (text) => output.err(printableLines(text)),
  };
}
