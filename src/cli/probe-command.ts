/** The command `probe`, with one subcommand for each check type, made from its descriptor. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { CheckType } from "../checks/check-type.ts";
import { ProbeArgumentError, type ProbeOption } from "../checks/probe-command.ts";
import { checkTypes } from "../checks/registry.ts";
import type { Output } from "./check-config.ts";
import { type ProbeOptions, probe } from "./probe.ts";
import type { Environment } from "./settings.ts";
import { UsageError } from "./usage.ts";

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
    .option("-n, --count <n>", "number of probes to run", positive, 1)
    .option("--json", "print one JSON object per probe");
  for (const option of definition.options) sub.addOption(optionOf(option));
  sub.action(async () => {
    const options = sub.opts<ProbeOptions>();
    done(await probe(targetOf(type, sub.args, options), options, env, output));
  });
}

function optionOf({ flags, about, choices, fallback, parse }: ProbeOption): Option {
  const option = new Option(flags, about);
  if (choices !== undefined) option.choices(choices);
  if (fallback !== undefined) option.default(fallback);
  if (parse !== undefined) option.argParser((text, before) => parsed(parse, text, before));
  return option;
}

function parsed(parse: NonNullable<ProbeOption["parse"]>, text: string, before: unknown): unknown {
  try {
    return parse(text, before);
  } catch (error) {
    throw error instanceof ProbeArgumentError ? new InvalidArgumentError(error.message) : error;
  }
}

function targetOf({ probe: { target } }: CheckType, args: readonly string[], options: ProbeOptions) {
  try {
    return target(args, options);
  } catch (error) {
    throw error instanceof ProbeArgumentError ? new UsageError(error.message) : error;
  }
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 1_000_000) return value;
  throw new InvalidArgumentError("must be an integer from 1 to 1000000.");
}
