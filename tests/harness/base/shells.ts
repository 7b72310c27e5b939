/**
 * Proposals of a TAB in real shells. Called by the tests of the completion scripts.
 */

import { join } from "node:path";
import type { Shell } from "../../../src/cli/completion.ts";
import { peerPath } from "./peers.ts";
import { readToEnd, stopProcess } from "./process.ts";
import type { TempDir } from "./tempdir.ts";

const LIMIT_MS = 20_000;

/** Bash gives the words to the function as it took them apart itself, at blanks and at COMP_WORDBREAKS. */
const BASH = `source "$1"
complete -p healthcheck-server >/dev/null || exit 3
COMP_WORDS=("\${@:2}") COMP_CWORD=$(($# - 2))
_healthcheck_server
printf '%s\\n' "\${COMPREPLY[@]}"
`;

const FISH = `source $argv[1]
complete -C $argv[2] | string replace -r '\\t.*' ''
`;

/**
 * A shell with a line editor needs a terminal: zpty is one. The arguments of compadd are the proposals. The marks are written in
 * two pieces, so that the terminal's echo does not contain them.
 */
const ZSH = `zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1=; fpath=($1 \\$fpath); autoload -Uz compinit; compinit -D -u
compadd() {
  if [[ \\\${@[1,(i)(-|--)]} == *-(O|A|D)\\\\ * ]]; then builtin compadd \\"\\$@\\"; return; fi
  local -a found; builtin compadd -O found \\"\\$@\\"
  local one; for one in \\$found; do print -r -- \\"<\\"\\"<\\$one>>\\"; done
}
report() { _main_complete; print '<''<END>>' }
zle -C report complete-word report
bindkey '^I' report
print '<''<READY>>'"
read_until() {
  local line
  while zpty -r shell line; do
    [[ $line == *"$1"* ]] && return
    [[ $line == *'<<'*'>>'* ]] && print -r -- \${\${line#*<<}%%>>*}
  done
}
read_until '<<READY>>' >/dev/null
zpty -n -w shell "$2"$'\\t'
read_until '<<END>>'
zpty -d shell
`;

/**
 * Returns the proposals of a shell at the end of a line.
 * @param dir holds the script as `_healthcheck-server`, and is the working directory
 * @returns the proposals in alphabetical order
 * @throws Error when the shell fails or does not end
 */
export async function propose(shell: Shell, dir: TempDir, line: string): Promise<string[]> {
  const script = join(dir.path, "_healthcheck-server");
  const command = {
    bash: ["--norc", "--noprofile", "-c", BASH, "bash", script, ...bashWords(line)],
    fish: ["--no-config", "-c", FISH, script, line],
    zsh: ["-f", "-c", ZSH, "zsh", dir.path, line],
  }[shell];
  const { PATH = "" } = process.env;
  const child = Bun.spawn([peerPath(shell), ...command], {
    cwd: dir.path,
    env: { PATH, HOME: dir.path, TERM: "dumb" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const timer = setTimeout(() => void stopProcess(child), LIMIT_MS);
  const { out, err, status } = await readToEnd(child);
  clearTimeout(timer);
  if (err !== "" || child.signalCode !== null || status === 3) throw new Error(`${shell}: ${status} ${err}`);
  const proposals = out.split("\n").filter((one) => one !== "");
  // Fish repeats the option before the "=".
  return [...new Set(proposals.map((one) => one.replace(/^--[a-z-]+=(?=.)/, "")))].sort();
}

function bashWords(line: string): string[] {
  return line.split(/\s+|(?<=[=:])|(?=[=:])/);
}
