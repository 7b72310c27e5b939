/** The command `probe`, with one subcommand for each check type, made from its descriptor. */
import { type Command, Option } from "commander";
import type { CheckType } from "../checks/check-type.ts";
import { ProbeArgumentError, type ProbeOption } from "../checks/probe-command.ts";
import { checkTypes } from "../checks/registry.ts";
import { digits } from "../schema/written-values.ts";
import type { Output } from "./check-config.ts";
import { type ProbeOptions, probe } from "./probe.ts";
import type { Environment } from "./settings.ts";
import { UsageError } from "./usage.ts";
import { valueOption, wordOption } from "./value-option.ts";

/**
 * Adds the command to the program.
 *
 * @param done - receives the exit status
 */
export function addProbe(
  program: Command,
  env: Environment,
  output: Output,
  done: (status: number) => void,
): void {
  const examples = checkTypes().flatMap(({ name, probe: { examples } }) =>
    examples.map((example) => `  $ healthcheck-server probe ${name} ${example}`),
  );
  const command = program
    .command("probe")
    .description(
      "run a check once and explain the result: 0 healthy, 1 unhealthy, 2 usage error, 3 inconclusive",
    )
    .addHelpText("after", `\nExamples:\n${examples.join("\n")}`);
  for (const type of checkTypes()) addType(command, type, env, output, done);
}

function addType(
  command: Command,
  type: CheckType,
  env: Environment,
  output: Output,
  done: (status: number) => void,
): void {
  const definition = type.probe;
  const sub = command.command(type.name).description(definition.about);
  for (const { name, about } of definition.arguments) sub.argument(name, about);
  sub
    .option("-t, --timeout <duration>", "timeout of each probe", "5s")
    .addOption(valueOption("-n, --count <n>", "number of probes to run", digits(1, 1_000_000)).default(1))
    .option("--json", "print one JSON object per probe");
  for (const option of definition.options) sub.addOption(optionOf(option));
  sub.action(async () => {
    const options = sub.opts<ProbeOptions>();
    done(await probe(targetOf(type, sub.args, options), options, env, output));
  });
}

function optionOf({ flags, about, choices, fallback, parse }: ProbeOption): Option {
  const option = choices === undefined ? new Option(flags, about) : wordOption(flags, about, choices);
  if (fallback !== undefined) option.default(fallback);
  if (parse !== undefined)
    option.argParser((text, before) => orUsageError(() => parse(text, before), `${option.long ?? flags}: `));
  return option;
}

function targetOf({ probe: { target } }: CheckType, args: readonly string[], options: ProbeOptions) {
  return orUsageError(() => target(args, options));
}

/** Turns the error of an option or argument into one of usage. @param prefix - before its message */
function orUsageError<Read>(read: () => Read, prefix = ""): Read {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ProbeArgumentError)) throw error;
    throw new UsageError(`${prefix}${error.message}`, { cause: error });
  }
}
