/** The completion script for zsh, to be put into a directory of `$fpath` as `_healthcheck-server`. */
import {
  type ArgumentEntry,
  allCommands,
  type CommandEntry,
  last,
  type OptionEntry,
  type Takes,
} from "./tree.ts";

/** Writes the script. */
export function zshCompletion(program: string, tree: CommandEntry): string {
  const functions = allCommands(tree).map((command) => functionOf(program, command));
  return `#compdef ${program}
# zsh completion for ${program}
${functions.join("\n")}
# Autoloaded this file is the function's body; sourced it only defines.
if [[ $funcstack[1] == _${program} ]]; then
  _${program} "$@"
else
  compdef _${program} ${program}
fi
`;
}

function functionOf(program: string, command: CommandEntry): string {
  const specs = command.options.flatMap(optionSpecs);
  if (command.commands.length > 0) return withCommands(program, command, specs);
  const args = command.args.map(argumentSpec);
  return `
${name(program, command)}() {
  _arguments -s${lines([...specs, ...args])}
}`;
}

function withCommands(program: string, command: CommandEntry, specs: readonly string[]): string {
  const subs = command.commands.map(
    (sub) => `      ${quote(`${last(sub)}:${sub.about.replaceAll(":", "\\:")}`)}`,
  );
  const cases = command.commands.map((sub) => `        ${last(sub)}) ${name(program, sub)} ;;`);
  return `
${name(program, command)}() {
  local curcontext=$curcontext state line
  typeset -A opt_args
  local -a commands
  _arguments -s -C${lines([...specs, quote("1: :->command"), quote("*:: :->rest")])}
  case $state in
    command)
      commands=(
${subs.join("\n")}
      )
      _describe -t commands command commands ;;
    rest)
      case $line[1] in
${cases.join("\n")}
      esac ;;
  esac
}`;
}

/** Formats flags of which one may be given. */
function optionSpecs({ flags, takes, value, about, again }: OptionEntry): string[] {
  const exclusive = again ? "*" : `(${flags.join(" ")})`;
  const explained = `[${about.replaceAll(/[[\]]/g, "\\$&")}]`;
  // The value of a long option may also follow a "=".
  return flags.map((flag) => {
    const form = takes.kind !== "nothing" && flag.startsWith("--") ? `${flag}=` : flag;
    return quote(`${exclusive}${form}${explained}${takes.kind === "nothing" ? "" : action(value, takes)}`);
  });
}

function argumentSpec({ name: label, takes, required }: ArgumentEntry, index: number): string {
  return quote(`${index + 1}${required ? "" : ":"}${action(label, takes)}`);
}

/** `:file:_files` */
function action(label: string, takes: Takes): string {
  const shown = label.replaceAll(":", "\\:");
  if (takes.kind === "words") return `:${shown}:(${takes.words.join(" ")})`;
  return takes.kind === "file" ? `:${shown}:_files` : `:${shown}: `;
}

function name(program: string, { path }: CommandEntry): string {
  return `_${[program, ...path].join("_")}`;
}

function lines(specs: readonly string[]): string {
  return specs.map((spec) => ` \\\n    ${spec}`).join("");
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
