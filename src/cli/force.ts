/** `force` and `pause`: an operator's decision about healthchecks, for a time and with a reason. */
import { MAX_OVERRIDE_MS } from "../model/override-limits.ts";
import { formatCount } from "../model/printable.ts";
import type { OverrideAction } from "../monitor/override.ts";
import { duration } from "../schema/durations.ts";
import type { Output } from "./check-config.ts";
import { type ControlOptions, command } from "./control-client.ts";
import { report } from "./remote-error.ts";
import { selectionOf } from "./selection-option.ts";
import type { Environment } from "./settings.ts";
import { UsageError } from "./usage.ts";
import { readWritten } from "./value-option.ts";

/** Options of `force` and `pause`. */
export interface OverrideOptions extends ControlOptions {
  readonly target?: string;
  readonly all?: boolean;
  readonly for?: string;
  readonly reason?: string;
}

const overrideDuration = duration("1ms", `${MAX_OVERRIDE_MS / 3_600_000}h`);

/**
 * Sets an override and prints until when it stands.
 *
 * @param id - undefined with --target or --all
 * @returns the exit status: 0 when it is in effect
 * @throws UsageError
 */
export async function override(
  id: string | undefined,
  action: OverrideAction,
  options: OverrideOptions,
  env: Environment,
  output: Output,
): Promise<number> {
  const selection = selectionOf(id, options);
  if (options.for === undefined)
    throw new UsageError("--for: missing; must be a duration, after which it ends");
  if (options.reason === undefined)
    throw new UsageError("--reason: missing; must be a text for your colleagues");
  const durationMs = readWritten("--for", overrideDuration, options.for);
  const request = { command: "set", action, ...selection, duration_ms: durationMs, reason: options.reason };
  return await report(output, async () => {
    const answer = await command(request, options, env, output);
    if (options.json === true) return `${JSON.stringify(answer)}\n`;
    const count = Number(answer["healthchecks"]);
    const what = action === "paused" ? "paused" : `forced ${action}`;
    return `${formatCount(count)} ${count === 1 ? "healthcheck" : "healthchecks"} ${what} until ${answer["until"]}\n`;
  });
}
