/** `--engine [file]` of `run`. */
import { socketPath } from "../config/address-values.ts";
import type { Overrides } from "../config/load.ts";
import { UsageError } from "./usage.ts";
import { readWritten } from "./value-option.ts";

/** The option as it is parsed. */
export interface EngineOption {
  /** The path of the engine's socket; true when the option is given without one. */
  readonly engine?: string | true;
}

/**
 * Returns the settings that the option replaces.
 *
 * @param engine - the option's value, see {@link EngineOption}
 * @param checks - the value of `--checks`, with which the option is not allowed
 * @throws UsageError
 */
export function engineOverrides(engine: string | true | undefined, checks: string | undefined): Overrides {
  if (engine === undefined) return {};
  if (checks !== undefined)
    throw new UsageError("--engine: not allowed with --checks, which names another source; must be absent");
  if (engine === true) return { server: { control: "engine" } };
  return { server: { control: "engine", engine_socket: readWritten("--engine", socketPath, engine) } };
}
