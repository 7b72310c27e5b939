/** The completion script for fish. */
import { allCommands, type CommandEntry, last, type OptionEntry, place, type Takes } from "./tree.ts";

/**
 * Writes the script. A function finds the command that was reached, `probe/tcp`, by walking over the words before the
 * cursor; values of options are skipped.
 */
export function fishCompletion(program: string, tree: CommandEntry): string {
  const commands = allCommands(tree);
  const at = `__fish_${program.replaceAll("-", "_")}_at`;
  return `# fish completion for ${program}
function ${at} --description 'Whether this command of ${program} was reached with this number of arguments'
    set -l words (commandline -opc)
    set -e words[1]
    set -l at ''
    set -l position 0
    set -l skip 0
    for word in $words
        if test $skip = 1
            set skip 0
            continue
        end
        switch "$at $word"
${commands.flatMap(steps).join("\n")}
            case '* -*'
            case '*'
                set position (math $position + 1)
        end
    end
    test "$at" = "$argv[1]"; and test (count $argv) = 1 -o "$position" = "$argv[2]"
end

complete -c ${program} -f
${commands.flatMap((command) => rules(program, at, command)).join("\n")}
`;
}

function steps(command: CommandEntry): string[] {
  const at = place(command);
  const next = command.commands.map(
    (sub) => `            case ${quote(`${at} ${last(sub)}`)}\n                set at ${quote(place(sub))}`,
  );
  const values = command.options
    .filter(({ takes }) => takes.kind !== "nothing")
    .flatMap(({ flags }) => flags.map((flag) => quote(`${at} ${flag}`)));
  if (values.length === 0) return next;
  return [...next, `            case ${values.join(" ")}\n                set skip 1`];
}

function rules(program: string, at: string, command: CommandEntry): string[] {
  const reached = (position?: number) =>
    `complete -c ${program} -n ${quote(`${at} "${place(command)}"${position === undefined ? "" : ` ${position}`}`)}`;
  const subs = command.commands.map((sub) => `${reached(0)} -a ${last(sub)} -d ${quote(sub.about)}`);
  const args = command.args.flatMap(({ takes }, index) =>
    takes.kind === "text" ? [] : [`${reached(index)} ${proposes(takes)}`],
  );
  return [...subs, ...args, ...command.options.map((option) => `${reached()} ${optionRule(option)}`)];
}

function optionRule({ flags, takes, about }: OptionEntry): string {
  const names = flags.map((flag) => (flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const value = takes.kind === "nothing" ? [] : [`-r ${proposes(takes)}`];
  return [...names, ...value, `-d ${quote(about)}`].join(" ");
}

function proposes(takes: Takes): string {
  if (takes.kind === "words") return `-f -a ${quote(takes.words.join(" "))}`;
  return takes.kind === "file" ? "-F" : "-f";
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
