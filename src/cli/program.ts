/** The command line: every command with its options and examples. */
import { Argument, Command, CommanderError, Option } from "commander";
import { versionText } from "../build-info.ts";
import { LOG_FORMATS, LOG_LEVELS } from "../logging/logger.ts";
import { printableLines } from "../model/printable.ts";
import { SignalQueue } from "../system/signals.ts";
import { type CheckConfigOptions, checkConfig, type Output } from "./check-config.ts";
import { completionScript, SHELLS, type Shell } from "./completion.ts";
import {
  CHECK_CONFIG_EXAMPLES,
  COMPLETION_EXAMPLES,
  EXPLAIN_EXAMPLES,
  PROGRAM_EXAMPLES,
  RUN_EXAMPLES,
  STATUS_EXAMPLES,
} from "./examples.ts";
import { EXIT } from "./exit.ts";
import { explain } from "./explain.ts";
import { addProbe } from "./probe-command.ts";
import type { RemoteOptions } from "./remote.ts";
import { type RunOptions, run } from "./run.ts";
import type { Environment } from "./settings.ts";
import { status } from "./status.ts";
import { UsageError } from "./usage.ts";

/** What runs when no command is named. */
export const DEFAULT_COMMAND = "run";

/**
 * Does what a command line asks for.
 *
 * @param args - without the program's name
 * @param signals - of this process: `run` listens to them, every other command releases them
 * @returns the exit status
 */
export async function main(
  args: readonly string[],
  env: Environment,
  terminal: Output,
  signals?: SignalQueue,
): Promise<number> {
  let status: number = EXIT.ok;
  const output = printableOutput(terminal);
  const finish = (done: number) => {
    status = done;
  };
  const program = makeProgram(env, output, finish, signals);
  try {
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

/** Keeps what a server, a backend or a file says from the terminal as a control sequence, whichever command shows it. */
function printableOutput(output: Output): Output {
  return {
    out: (text) => output.out(printableLines(text)),
    err: (text) => output.err(printableLines(text)),
  };
}

/** The definitions, from which help, completions and manual can be made. */
export function makeProgram(
  env: Environment,
  output: Output,
  done: (status: number) => void,
  signals?: SignalQueue,
): Command {
  const program = new Command("healthcheck-server")
    .description("The health checker of the Seesaw load balancer.")
    .version(versionText(), "-V, --version", "print version, revision, Bun and platform")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [command]", "print help for a command")
    .exitOverride()
    .configureOutput({ writeOut: (text) => output.out(text), writeErr: (text) => output.err(text) })
    .addHelpText("after", PROGRAM_EXAMPLES);
  program.hook("preAction", (_program, command) => {
    if (command.name() !== DEFAULT_COMMAND) signals?.release();
  });
  addRun(program, env, done, signals);
  addCheckConfig(program, env, output, done);
  addProbe(program, env, output, done);
  addStatus(program, env, output, done);
  addExplain(program, env, output, done);
  addCompletion(program, output);
  return program;
}

function addRun(
  program: Command,
  env: Environment,
  done: (status: number) => void,
  signals: SignalQueue | undefined,
): void {
  program
    .command(DEFAULT_COMMAND, { isDefault: true })
    .description("serve the proxy socket and run the healthchecks; the default command")
    .option(
      "-c, --config <file>",
      "the configuration file; otherwise the first that exists of the usual places",
    )
    .option(
      "--strict-config",
      "exit with status 1 on an invalid configuration file instead of running on the defaults",
    )
    .addOption(new Option("--log-level <level>", "the least grave level to log").choices(LOG_LEVELS))
    .addOption(new Option("--log-format <format>", "how log lines are written").choices(LOG_FORMATS))
    .option("--checks <file>", "run standalone: healthchecks from this YAML file, no client")
    .addHelpText("after", RUN_EXAMPLES)
    .action(async (options: RunOptions) => done(await run(options, env, signals ?? new SignalQueue())));
}

function addCheckConfig(
  program: Command,
  env: Environment,
  output: Output,
  done: (status: number) => void,
): void {
  program
    .command("check-config")
    .description("judge a configuration or checks file as the server would, every fault at once")
    .argument("[file]", "the file; otherwise the one that the server would take")
    .option("--checks <file>", "this checks file, as run --checks would read it")
    .option("--print", "print the effective configuration, defaults filled in")
    .option("--strict-config", "unknown keys and fields are errors too; other warnings are not")
    .addHelpText("after", CHECK_CONFIG_EXAMPLES)
    .action((file: string | undefined, options: CheckConfigOptions) =>
      done(checkConfig(file, options, env, output)),
    );
}

function addStatus(program: Command, env: Environment, output: Output, done: (status: number) => void): void {
  remote(program.command("status"))
    .description("ask a running server how its healthchecks stand: 0 ready, 1 not ready")
    .addHelpText("after", STATUS_EXAMPLES)
    .action(async (options: RemoteOptions) => done(await status(options, env, output)));
}

function addExplain(
  program: Command,
  env: Environment,
  output: Output,
  done: (status: number) => void,
): void {
  remote(program.command("explain").argument("<id>", "whose, as the client or the file numbers it"))
    .description("ask a running server for everything it knows of one healthcheck")
    .addHelpText("after", EXPLAIN_EXAMPLES)
    .action(async (id: string, options: RemoteOptions) => done(await explain(id, options, env, output)));
}

function addCompletion(program: Command, output: Output): void {
  program
    .command("completion")
    .description("print the completion script of a shell")
    .addArgument(new Argument("<shell>", "whose script").choices(SHELLS))
    .addHelpText("after", COMPLETION_EXAMPLES)
    .action((shell: Shell) => output.out(completionScript(program, DEFAULT_COMMAND, shell)));
}

/** Options of commands that ask a running server. */
function remote(command: Command): Command {
  return command
    .option("--addr <host:port>", "where it listens; otherwise as its configuration file says")
    .option(
      "-c, --config <file>",
      "its configuration file; otherwise the first that exists of the usual places",
    )
    .option("-t, --timeout <duration>", "bounds each request", "5s")
    .option("--json", "print JSON");
}
