/** The command line: every command with its options and examples. */
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from "commander";
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
  PROBE_EXAMPLES,
  PROGRAM_EXAMPLES,
  RUN_EXAMPLES,
  STATUS_EXAMPLES,
} from "./examples.ts";
import { EXIT } from "./exit.ts";
import { explain } from "./explain.ts";
import { type ProbeOptions, type ProbeTarget, probe } from "./probe.ts";
import { dnsTarget, httpTarget, tcpTarget } from "./probe-targets.ts";
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

function addProbe(program: Command, env: Environment, output: Output, done: (status: number) => void): void {
  const command = program
    .command("probe")
    .description("run a checker once and explain: 0 healthy, 1 unhealthy, 2 wrong usage, 3 inconclusive")
    .addHelpText("after", PROBE_EXAMPLES);
  const finish = async (target: ProbeTarget, options: ProbeOptions) =>
    done(await probe(target, options, env, output));
  const secure = (sub: Command) =>
    sub
      .option("--no-verify", "accept any certificate")
      .option("--server-name <name>", "the name for SNI and in the certificate");
  secure(common(command.command("tcp").argument("<host:port>", "name or address, and port")))
    .description("connect, and if wanted talk")
    .option("--tls", "do a TLS handshake")
    .option("--send <text>", "write this; \\r \\n \\t \\0 are understood, \\xHH is one byte")
    .option("--receive <text>", "the answer must start with this")
    .addOption(new Option("--close <how>", "how to close").choices(["reset", "graceful"]))
    .action((where: string, options) => finish(tcpTarget(where, options), options));
  secure(common(command.command("http").argument("<url>", "the URL, http or https")))
    .description("one HTTP/1.1 request")
    .option("--method <method>", "request method", "GET")
    .option("--expect <codes>", "status codes that mean healthy, separated by commas; otherwise any", codes)
    .option("--host <name>", "Host header")
    .option("--header <name: value>", "another request header; may be given again", collect, [])
    .option("--response <text>", "the body must start with this")
    .option("--connect <host:port>", "connect there instead of to the URL's host")
    .action((url: string, options) => finish(httpTarget(url, options), options));
  common(
    command
      .command("dns")
      .argument("<name>", "the name to ask for")
      .argument("[@server]", "ask this server: @ADDRESS or @ADDRESS:PORT"),
  )
    .description("one DNS question")
    .option(
      "--type <type>",
      "record type (default: A; AAAA where only that can be meant; both without @server)",
    )
    .option("--expect <ips>", "addresses of which one must be in the answer, separated by commas", commas)
    .action((name: string, server: string | undefined, options) =>
      finish(dnsTarget(name, server, options), options),
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

function common(command: Command): Command {
  return command
    .option("-t, --timeout <duration>", "bounds the whole probe", "5s")
    .option("-n, --count <n>", "so many times", positive, 1)
    .option("--json", "print a JSON object a probe");
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 1_000_000) return value;
  throw new InvalidArgumentError("must be a whole number from 1 to 1000000.");
}

function commas(text: string): string[] {
  return text.split(",").map((part) => part.trim());
}

function codes(text: string): number[] {
  return commas(text).map((part) => {
    if (/^[0-9]{3}$/.test(part)) return Number(part);
    throw new InvalidArgumentError("must be status codes such as 200,204.");
  });
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}
