/** The program without its commands: name, version, help, and the release of signals. */
import { Command } from "commander";
import { versionText } from "../build-info.ts";
import type { SignalQueue } from "../system/signals.ts";
import type { Output } from "./check-config.ts";
import { PROGRAM_EXAMPLES } from "./examples.ts";

/** The program's name, also under which it is usually started. */
export const PROGRAM = "healthcheck-server";
/** The command that runs when none is named. */
export const DEFAULT_COMMAND = "run";

/**
 * Makes a program without commands.
 *
 * @param signals - of this process; released before every command but the one that serves
 */
export function baseProgram(output: Output, signals: SignalQueue | undefined): Command {
  const program = new Command(PROGRAM)
    .description("The health checker of the Seesaw load balancer.")
    .version(versionText(), "-V, --version", "print version, revision, Bun and platform")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [command]", "print help for a command")
    .exitOverride()
    .configureOutput({ writeOut: (text) => output.out(text), writeErr: (text) => output.err(text) })
    .addHelpText("after", PROGRAM_EXAMPLES);
  program.hook("preAction", (_program, command) => {
    if (command.name() !== DEFAULT_COMMAND) signals?.release();
  });
  return program;
}
