/** Files that a package has beside the executable: the manual page and the completion scripts. Not committed. */

import { DEFAULT_COMMAND } from "../../../src/cli/base-program.ts";
import { makeProgram } from "../../../src/cli/commands.ts";
import { completionScript, SHELLS, type Shell } from "../../../src/cli/completion.ts";
import type { GeneratedFile } from "./generated.ts";
import { manualPage } from "./manual.ts";

/** Zsh finds the script by its name; the other two get theirs where they are installed. */
const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: "healthcheck-server.bash",
  zsh: "_healthcheck-server",
  fish: "healthcheck-server.fish",
};

/**
 * All of them, with paths below the directory they are written to.
 *
 * @param day - of the release, for the manual page
 */
export function assets(day: Date): GeneratedFile[] {
  const program = makeProgram({}, { out: () => {}, err: () => {} }, () => {});
  return [
    { path: "healthcheck-server.8", text: manualPage(day) },
    ...SHELLS.map((shell) => ({
      path: SCRIPTS[shell],
      text: completionScript(program, DEFAULT_COMMAND, shell),
    })),
  ];
}
