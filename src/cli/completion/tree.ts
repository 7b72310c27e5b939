/** The command line as completions and the manual use it: every command with its options and arguments, read from its definition. */
import type { Argument, Command, Option } from "commander";

/** The kind of value that an option or an argument takes. */
export type Takes =
  | { readonly kind: "nothing" }
  | { readonly kind: "file" }
  | { readonly kind: "words"; readonly words: readonly string[] }
  /** Any text; no completion is possible. */
  | { readonly kind: "text" };

/** One option. */
export interface OptionEntry {
  /** `-c`, `--config` */
  readonly flags: readonly string[];
  readonly takes: Takes;
  /** The name of its value, `file`; empty when it takes none. */
  readonly value: string;
  /** Its help text. */
  readonly about: string;
  readonly fallback: unknown;
  /** True when it may be repeated. */
  readonly again: boolean;
}

/** One argument. */
export interface ArgumentEntry {
  readonly name: string;
  readonly takes: Takes;
  readonly required: boolean;
  readonly about: string;
}

/** One command. */
export interface CommandEntry {
  /** Its names below the program's: `["probe", "tcp"]`; empty for the program itself. */
  readonly path: readonly string[];
  readonly about: string;
  readonly options: readonly OptionEntry[];
  readonly args: readonly ArgumentEntry[];
  readonly commands: readonly CommandEntry[];
}

/**
 * Reads the definitions.
 *
 * @param defaultCommand - the command that runs when none is named: its options may follow the program itself
 */
export function commandTree(program: Command, defaultCommand: string): CommandEntry {
  const tree = entryOf(program, []);
  const fallback = tree.commands.find(({ path }) => path[0] === defaultCommand);
  const own = new Set(tree.options.flatMap(({ flags }) => flags));
  const more = (fallback?.options ?? []).filter(({ flags }) => !flags.some((flag) => own.has(flag)));
  return { ...tree, options: [...tree.options, ...more] };
}

/** Lists the commands of a tree, the program first. */
export function allCommands(tree: CommandEntry): CommandEntry[] {
  return [tree, ...tree.commands.flatMap(allCommands)];
}

function entryOf(command: Command, path: readonly string[]): CommandEntry {
  const help = command.createHelp();
  const commands = help.visibleCommands(command);
  const names = commands.map((sub) => sub.name()).filter((name) => name !== "help");
  return {
    path,
    about: command.description(),
    options: help.visibleOptions(command).map(optionOf),
    args: command.registeredArguments.map((argument) => argumentOf(argument, [])),
    commands: commands.map((sub) => {
      const entry = entryOf(sub, [...path, sub.name()]);
      if (sub.name() !== "help") return entry;
      return { ...entry, args: sub.registeredArguments.map((argument) => argumentOf(argument, names)) };
    }),
  };
}

function optionOf(option: Option): OptionEntry {
  const { short, long, flags, argChoices, description, defaultValue } = option;
  const value = /[<[]([^>\]]+)[>\]]/.exec(flags)?.[1] ?? "";
  return {
    flags: [short, long].filter((flag) => flag !== undefined),
    takes: value === "" ? { kind: "nothing" } : takesOf(value, argChoices),
    value,
    about: description,
    // The default of a flag is not a value that users write.
    fallback: value === "" || Array.isArray(defaultValue) ? undefined : defaultValue,
    again: Array.isArray(defaultValue),
  };
}

function argumentOf(argument: Argument, commands: readonly string[]): ArgumentEntry {
  const name = argument.name();
  return {
    name,
    takes: takesOf(name, commands.length > 0 ? [...commands] : argument.argChoices),
    required: argument.required,
    about: argument.description,
  };
}

function takesOf(name: string, choices: readonly string[] | undefined): Takes {
  if (choices !== undefined) return { kind: "words", words: choices };
  return { kind: name === "file" ? "file" : "text" };
}

/** Returns the name of a command; empty for the program. */
export function last({ path }: CommandEntry): string {
  return path.at(-1) ?? "";
}

/** Formats the path of a command, with slashes between its names. */
export function place({ path }: CommandEntry): string {
  return path.join("/");
}
