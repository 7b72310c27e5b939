/**
 * Every command with its options and examples, from which help, completions and manual are made. A command loads its code when it runs:
 * the program starts in half the time.
 */
import type { Command } from "commander";
import { LOG_FORMATS, LOG_LEVELS } from "../logging/names.ts";
import { SignalQueue } from "../system/signals.ts";
import { baseProgram, DEFAULT_COMMAND } from "./base-program.ts";
import type { CheckConfigOptions, Output } from "./check-config.ts";
import { completionScript, SHELLS, type Shell } from "./completion.ts";
import type { EngineOption } from "./engine-option.ts";
import {
  CHECK_CONFIG_EXAMPLES,
  COMPLETION_EXAMPLES,
  EXPLAIN_EXAMPLES,
  RUN_EXAMPLES,
  STATUS_EXAMPLES,
} from "./examples.ts";
import { addOverrideCommands } from "./override-commands.ts";
import { addProbe } from "./probe-command.ts";
import type { RemoteOptions } from "./remote.ts";
import type { RunOptions } from "./run.ts";
import type { Environment } from "./settings.ts";
import { wordArgument, wordOption } from "./value-option.ts";

/** Makes the definitions, from which help, completions and manual are made. */
export function makeProgram(
  env: Environment,
  output: Output,
  done: (status: number) => void,
  signals?: SignalQueue,
): Command {
  const program = baseProgram(output, signals);
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
      const [{ engineOverrides }, { run }] = await Promise.all([
        import("./engine-option.ts"),
        import("./run.ts"),
      ]);
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
    .action(async (file: string | undefined, options: CheckConfigOptions) => {
      const { checkConfig } = await import("./check-config.ts");
      done(checkConfig(file, options, env, output));
    });
}

function addStatus(program: Command, env: Environment, output: Output, done: (status: number) => void): void {
  remote(program.command("status"))
    .description("show the readiness and healthcheck counts of a running server: 0 ready, 1 not ready")
    .addHelpText("after", STATUS_EXAMPLES)
    .action(async (options: RemoteOptions) => {
      const { status } = await import("./status.ts");
      done(await status(options, env, output));
    });
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
    .action(async (id: string, options: RemoteOptions) => {
      const { explain } = await import("./explain.ts");
      done(await explain(id, options, env, output));
    });
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
