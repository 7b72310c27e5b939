/** The completion script for bash: static, so that a TAB starts no process. It does not need the bash-completion package. */
import { allCommands, type CommandEntry, last, place, type Takes } from "./tree.ts";

/**
 * Writes the script.
 *
 * `at` is the command reached so far, `takes` the kind of the next word, `position` the number of given arguments. Bash splits
 * words at `=` and `:`; the parts are skipped.
 */
export function bashCompletion(program: string, tree: CommandEntry): string {
  const commands = allCommands(tree);
  const name = `_${program.replaceAll("-", "_")}`;
  return `# bash completion for ${program}
${name}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} at= takes= position=0 i word
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case $word in
      =) [[ -n $takes ]] || i=$((i + 1)); continue ;;
      :) i=$((i + 1)); continue ;;
    esac
    if [[ -n $takes ]]; then takes=; continue; fi
    case "$at $word" in
${steps(commands).join("\n")}
      *" -"*) ;;
      *) position=$((position + 1)) ;;
    esac
  done
  [[ $cur != = ]] || cur=
  if [[ -z $takes && $cur == -* ]]; then
    case $at in
${commands.map((command) => `      ${pattern(command)}) takes=${words(flags(command))} ;;`).join("\n")}
    esac
  elif [[ -z $takes ]]; then
    case "$at $position" in
${commands.flatMap(following).join("\n")}
    esac
  fi
  case $takes in
    "" | TEXT) ;;
    FILE)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$takes" -- "$cur") ;;
  esac
}
complete -F ${name} ${program}
`;
}

/** Cases that lead from a command to the next one, or to the value of an option. */
function steps(commands: readonly CommandEntry[]): string[] {
  return commands.flatMap((command) => {
    const at = place(command);
    const next = command.commands.map(
      (sub) => `      ${quote(`${at} ${last(sub)}`)}) at=${quote(place(sub))} ;;`,
    );
    const values = command.options
      .filter(({ takes }) => takes.kind !== "nothing")
      .map(({ flags: given, takes }) => {
        return `      ${given.map((flag) => quote(`${at} ${flag}`)).join(" | ")}) takes=${value(takes)} ;;`;
      });
    return [...next, ...values];
  });
}

/** Cases of words that are not options. */
function following(command: CommandEntry): string[] {
  const names = command.commands.map(last);
  if (names.length > 0) return [`      ${quote(`${place(command)} 0`)}) takes=${words(names)} ;;`];
  return command.args.flatMap(({ takes }, position) =>
    takes.kind === "text"
      ? []
      : [`      ${quote(`${place(command)} ${position}`)}) takes=${value(takes)} ;;`],
  );
}

function value(takes: Takes): string {
  if (takes.kind === "words") return words(takes.words);
  return takes.kind === "file" ? "FILE" : "TEXT";
}

function flags({ options }: CommandEntry): string[] {
  return options.flatMap((option) => option.flags);
}

function pattern(command: CommandEntry): string {
  return quote(place(command));
}

function words(list: readonly string[]): string {
  return quote(list.join(" "));
}

/** Quotes words; names of commands, options and values have no character that double quotes would not keep. */
function quote(text: string): string {
  return `"${text}"`;
}
