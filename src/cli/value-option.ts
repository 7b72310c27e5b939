/** Options and arguments as values of the schema kit: their errors have the grammar of every field, `--timeout: problem; must be RULE`. */
import { Argument, Option } from "commander";
import type { ValueOf } from "../schema/field.ts";
import { readValue } from "../schema/object.ts";
import { formatProblem } from "../schema/problem.ts";
import { oneOf } from "../schema/values.ts";
import { UsageError } from "./usage.ts";

/**
 * Reads a value of the command line.
 *
 * @param key - the option or argument: `--timeout`, `id`
 * @throws UsageError
 */
export function readWritten<Output>(key: string, value: ValueOf<Output>, written: string): Output {
  const read = readValue(value, written);
  if (read.ok) return read.value;
  throw new UsageError(
    read.problems.map(({ path, message }) => formatProblem({ path: [key, ...path], message })).join("; "),
  );
}

/** Makes an option that takes a value. @param flags - as commander writes it: `-n, --count <n>` */
export function valueOption<Output>(flags: string, about: string, value: ValueOf<Output>): Option {
  const option = new Option(flags, about);
  return option.argParser((written: string) => readWritten(option.long ?? flags, value, written));
}

/** Makes an option that takes one of a few words, which help and completion list. */
export function wordOption(flags: string, about: string, words: readonly string[]): Option {
  const option = new Option(flags, about).choices(words);
  return option.argParser((written: string) => readWritten(option.long ?? flags, oneOf(words), written));
}

/** Makes an argument that is one of a few words, which help and completion list. */
export function wordArgument(name: string, about: string, words: readonly string[]): Argument {
  const argument = new Argument(name, about).choices(words);
  return argument.argParser((written: string) => readWritten(argument.name(), oneOf(words), written));
}
