/** `release`: ends overrides before their time. */
import { formatCount } from "../model/printable.ts";
import type { Output } from "./check-config.ts";
import { type ControlOptions, command } from "./control-client.ts";
import { report } from "./remote-error.ts";
import { type SelectionOptions, selectionOf } from "./selection-option.ts";
import type { Environment } from "./settings.ts";

/**
 * Releases healthchecks and prints their number.
 *
 * @param id - undefined with --target or --all
 * @returns the exit status: 0 when an override has ended
 * @throws UsageError
 */
export async function release(
  id: string | undefined,
  options: ControlOptions & SelectionOptions,
  env: Environment,
  output: Output,
): Promise<number> {
  const selection = selectionOf(id, options);
  return await report(output, async () => {
    const answer = await command({ command: "release", ...selection }, options, env, output);
    if (options.json === true) return `${JSON.stringify(answer)}\n`;
    const count = Number(answer["healthchecks"]);
    return `${formatCount(count)} ${count === 1 ? "healthcheck" : "healthchecks"} released\n`;
  });
}
