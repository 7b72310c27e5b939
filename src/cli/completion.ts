/** `completion`: prints the completion script of a shell, made from the command definitions. */
import type { Command } from "commander";
import { bashCompletion } from "./completion/bash.ts";
import { fishCompletion } from "./completion/fish.ts";
import { commandTree } from "./completion/tree.ts";
import { zshCompletion } from "./completion/zsh.ts";

/** The supported shells. */
export const SHELLS = ["bash", "zsh", "fish"] as const;
/** One of {@link SHELLS}. */
export type Shell = (typeof SHELLS)[number];

const WRITERS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

/**
 * Returns the script.
 *
 * @param defaultCommand - the command that runs when none is named
 */
export function completionScript(program: Command, defaultCommand: string, shell: Shell): string {
  return WRITERS[shell](program.name(), commandTree(program, defaultCommand));
}
