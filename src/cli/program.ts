/** The command line: every command with its options and examples. */
import { Command, CommanderError } from "commander";
import { versionText } from "../build-info.ts";
import { LOG_FORMATS, LOG_LEVELS } from "../logging/logger.ts";
import { printableLines } from "../model/printable.ts";
import { SignalQueue } from "../system/signals.ts";
import { type CheckConfigOptions, checkConfig, type Output } from "./check-config.ts";
import { completionScript, SHELLS, type Shell } from "./completion.ts";
import { type EngineOption, engineOverrides } from "./engine-option.ts";
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
import { addOverrideCommands } from "./override-commands.ts";
import { addProbe } from "./probe-command.ts";
import type { RemoteOptions } from "./remote.ts";
import { type RunOptions, run } from "./run.ts";
import { isSeesawHealthcheck, runSeesawHealthcheck } from "./seesaw-healthcheck.ts";
import type { Environment } from "./settings.ts";
import { status } from "./status.ts";
import { UsageError } from "./usage.ts";
import { wordArgument, wordOption } from "./value-option.ts";

/** The program's name, also under which it is usually started. */
export const PROGRAM = "healthcheck-server";
/** The command that runs when none is named. */
export const DEFAULT_COMMAND = "run";

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
  const program = makeProgram(env, output, finish, signals);
  if (isSeesawHealthcheck(argv0, args, askingCommands(program)))
    return await runSeesawHealthcheck(argv0, args, env, output, signals ?? new SignalQueue());
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

/** Makes the definitions, from which help, completions and manual are made. */
export function makeProgram(
  env: Environment,
  output: Output,
  done: (status: number) => void,
  signals?: SignalQueue,
): Command {
  const program = new Command(PROGRAM)
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
  addOverrideCommands(program, env, output, done);
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
    .option("-c, --config <file>", "configuration file (default: first one found, see FILES in the manual)")
    .option(
      "--strict-config",
      "exit with status 1 on an invalid configuration file instead of running on the defaults",
    )
    .addOption(wordOption("--log-level <level>", "minimum log level", LOG_LEVELS))
    .addOption(wordOption("--log-format <format>", "format of log lines", LOG_FORMATS))
    .option("--checks <file>", "run standalone: healthchecks from this YAML file, no client")
    .option(
      "--engine [file]",
      "run the healthchecks of the Seesaw engine, whose Unix socket this is (default: server.engine_socket)",
    )
    .addHelpText("after", RUN_EXAMPLES)
    .action(async ({ engine, ...options }: RunOptions & EngineOption) => {
      const overrides = engineOverrides(engine, options.checks);
      done(await run({ ...options, overrides }, env, signals ?? new SignalQueue()));
    });
}

function addCheckConfig(
  program: Command,
  env: Environment,
  output: Output,
  done: (status: number) => void,
): void {
  program
    .command("check-config")
    .description("validate a configuration or checks file and report every error")
    .argument("[file]", "file to validate (default: the configuration file that the server would use)")
    .option("--checks <file>", "validate this checks file, as run --checks would read it")
    .option("--print", "print the effective configuration, defaults filled in")
    .option("--strict-config", "treat unknown keys and fields as errors")
    .addHelpText("after", CHECK_CONFIG_EXAMPLES)
    .action((file: string | undefined, options: CheckConfigOptions) =>
      done(checkConfig(file, options, env, output)),
    );
}

function addStatus(program: Command, env: Environment, output: Output, done: (status: number) => void): void {
  remote(program.command("status"))
    .description("show the readiness and healthcheck counts of a running server: 0 ready, 1 not ready")
    .addHelpText("after", STATUS_EXAMPLES)
    .action(async (options: RemoteOptions) => done(await status(options, env, output)));
}

function addExplain(
  program: Command,
  env: Environment,
  output: Output,
  done: (status: number) => void,
): void {
  remote(program.command("explain").argument("<id>", "healthcheck id"))
    .description("show state, configuration and last results of one healthcheck of a running server")
    .addHelpText("after", EXPLAIN_EXAMPLES)
    .action(async (id: string, options: RemoteOptions) => done(await explain(id, options, env, output)));
}

function addCompletion(program: Command, output: Output): void {
  program
    .command("completion")
    .description("print a shell completion script")
    .addArgument(wordArgument("<shell>", "shell", SHELLS))
    .addHelpText("after", COMPLETION_EXAMPLES)
    .action((shell: Shell) => output.out(completionScript(program, DEFAULT_COMMAND, shell)));
}

/** Adds the options of commands that ask a running server. */
function remote(command: Command): Command {
  return command
    .option(
      "--addr <host:port>",
      "HTTP address of the server (default: metrics.listen_addr of its configuration file)",
    )
    .option(
      "-c, --config <file>",
      "the server's configuration file (default: first one found, see FILES in the manual)",
    )
    .option("-t, --timeout <duration>", "timeout of each request", "5s")
    .option("--json", "print JSON");
}
