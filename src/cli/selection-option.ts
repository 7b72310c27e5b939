/** The healthchecks that a command is about: an id, `--target` or `--all`. */
import { idDigits } from "../schema/written-values.ts";
import { UsageError } from "./usage.ts";
import { readWritten } from "./value-option.ts";

/** Options that select healthchecks. */
export interface SelectionOptions {
  readonly target?: string;
  readonly all?: boolean;
}

/**
 * Returns the fields of a request that select healthchecks.
 *
 * @param id - undefined without one
 * @throws UsageError unless there is exactly one way, or `--all` beside it
 */
export function selectionOf(id: string | undefined, { target, all }: SelectionOptions) {
  if (id !== undefined && target !== undefined)
    throw new UsageError("--target: not allowed with an id; must be absent");
  if (id === undefined && target === undefined && all !== true)
    throw new UsageError("id: missing; must be an id, unless --target or --all selects the healthchecks");
  return {
    ...(id === undefined ? {} : { id: readWritten("id", idDigits, id) }),
    ...(target === undefined ? {} : { target }),
    ...(all === true ? { all } : {}),
  };
}
