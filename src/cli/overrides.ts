/** `overrides`: lists what operators have forced and paused. */
import type { Output } from "./check-config.ts";
import { type ControlOptions, command } from "./control-client.ts";
import { formatAnswer, report } from "./remote-error.ts";
import type { Environment } from "./settings.ts";

/** An override as the server lists it. */
interface ListedOverride {
  readonly id: string;
  readonly target: string | null;
  readonly action: string;
  readonly measured_state: string | null;
  readonly reason: string;
  readonly user: string;
  readonly pid: number;
  readonly until: string;
}

/**
 * Prints the overrides in effect.
 *
 * @returns the exit status: 0 when the server has answered
 * @throws UsageError
 */
export async function overrides(options: ControlOptions, env: Environment, output: Output): Promise<number> {
  return await report(output, async () => {
    const answer = await command({ command: "list" }, options, env, output);
    if (options.json === true) return `${JSON.stringify(answer)}\n`;
    // Written by the same version of this program; another shape is an error.
    return formatAnswer(() => formatOverrides(answer["overrides"] as readonly ListedOverride[]));
  });
}

function formatOverrides(list: readonly ListedOverride[]): string {
  if (list.length === 0) return "no overrides\n";
  return list.map((one) => `${formatOverride(one)}\n`).join("");
}

function formatOverride({
  id,
  target,
  action,
  measured_state,
  reason,
  user,
  pid,
  until,
}: ListedOverride): string {
  const found = action === "paused" ? "" : ` (checks find ${measured_state ?? "nothing"})`;
  return `${id}  ${target ?? "(not in the list now)"}  ${action}${found}  until ${until}  by ${user} (pid ${pid}): ${reason}`;
}
