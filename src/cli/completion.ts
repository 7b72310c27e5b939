/** `completion`: prints the completion script of a shell, made from the command definitions. */
import type { Command } from "commander";
import { bashCompletion } from "./completion/bash.ts";
import { fishCompletion } from "./completion/fish.ts";
import { commandTree } from "./completion/tree.ts";
import { zshCompletion } from "./completion/zsh.ts";

/** The shells that there are scripts for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;
/** One of {@link SHELLS}. */
export type Shell = (typeof SHELLS)[number];

const WRITERS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

/**
 * The script.
 *
 * @param defaultCommand - what runs when no command is named
 */
export function completionScript(program: Command, defaultCommand: string, shell: Shell): string {
  return WRITERS[shell](program.name(), commandTree(program, defaultCommand));
}
