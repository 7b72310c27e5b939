/** Registers the commands of the control socket: `force`, `pause`, `release`, `overrides`. */
import type { Command } from "commander";
import type { Output } from "./check-config.ts";
import type { ControlOptions } from "./control-client.ts";
import { FORCE_EXAMPLES, OVERRIDES_EXAMPLES, PAUSE_EXAMPLES, RELEASE_EXAMPLES } from "./examples.ts";
import { type OverrideOptions, override } from "./force.ts";
import { overrides } from "./overrides.ts";
import { release } from "./release.ts";
import type { SelectionOptions } from "./selection-option.ts";
import type { Environment } from "./settings.ts";
import { UsageError } from "./usage.ts";

/** Names of the commands. */
export const OVERRIDE_COMMANDS = ["force", "pause", "release", "overrides"] as const;
const FORCED = ["healthy", "unhealthy"] as const;
const TARGET = "the healthchecks of an address, a CIDR, or either with :PORT; of a VIP also by the backend";

/** Adds the commands. */
export function addOverrideCommands(
  program: Command,
  env: Environment,
  output: Output,
  done: (status: number) => void,
): void {
  limited(selecting(program.command("force")))
    .description(
      "report healthchecks of a running server as healthy or unhealthy, whatever their checks find",
    )
    .argument("[id]", "healthcheck id, unless --target or --all selects the healthchecks")
    .argument("[state]", "healthy or unhealthy")
    .addHelpText("after", FORCE_EXAMPLES)
    .action(async (first: string | undefined, second: string | undefined, options: OverrideOptions) => {
      const [id, word] = second === undefined ? [undefined, first] : [first, second];
      const state = FORCED.find((known) => known === word);
      if (state === undefined)
        throw new UsageError("state: missing or not valid; must be healthy or unhealthy");
      done(await override(id, state, options, env, output));
    });
  limited(selecting(program.command("pause")))
    .description("start no checks of healthchecks of a running server; their states stay")
    .argument("[id]", "healthcheck id")
    .addHelpText("after", PAUSE_EXAMPLES)
    .action(async (id: string | undefined, options: OverrideOptions) =>
      done(await override(id, "paused", options, env, output)),
    );
  selecting(program.command("release"))
    .description("end what force and pause have set; the measured state is reported immediately")
    .argument("[id]", "healthcheck id")
    .addHelpText("after", RELEASE_EXAMPLES)
    .action(async (id: string | undefined, options: ControlOptions & SelectionOptions) =>
      done(await release(id, options, env, output)),
    );
  controlling(program.command("overrides"))
    .description("list what is forced and paused on a running server: by whom, why, until when")
    .addHelpText("after", OVERRIDES_EXAMPLES)
    .action(async (options: ControlOptions) => done(await overrides(options, env, output)));
}

/** Adds the options of commands that use the control socket. */
function controlling(command: Command): Command {
  return command
    .option(
      "--socket <path>",
      "control socket of the server (default: server.control_socket of its configuration file)",
    )
    .option(
      "-c, --config <file>",
      "the server's configuration file (default: first one found, see FILES in the manual)",
    )
    .option("-t, --timeout <duration>", "timeout of the request", "5s")
    .option("--json", "print JSON");
}

function selecting(command: Command): Command {
  return controlling(command)
    .option("--target <cidr>", TARGET)
    .option("--all", "every healthcheck; with force unhealthy, confirms that all are meant");
}

function limited(command: Command): Command {
  return command
    .option("--for <duration>", "duration after which it ends, at most 168h; required")
    .option("--reason <text>", "reason, shown wherever the override is; required");
}
