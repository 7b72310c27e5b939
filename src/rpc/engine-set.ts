/**
 * The engine's set of healthchecks: from the reply to the fetch call to CONFIG objects, as the proxy sends them (docs/protocol.md), which
 * `src/protocol/healthcheck.ts` validates. Pure. Fields are found by name, whatever order and ids their sender has; unknown ones are
 * ignored. A healthcheck that cannot be expressed is rejected alone.
 */
import { type HealthcheckId, parseId } from "../model/id.ts";
import { FieldError } from "../schema/field-error.ts";
import { type FieldProblem, notValid, outOfRange, secretProblem } from "../schema/problem.ts";
import { checkerConfig } from "./engine-checkers.ts";
import { anyNumber, type Config, integerOf } from "./engine-fields.ts";
import { GobMap, GobStruct, type GobValue } from "./gob-values.ts";
import { RpcError } from "./rpc-error.ts";

/** One healthcheck of the set: a CONFIG, or the reason for its rejection. */
export type EngineConfig =
  | { readonly ok: true; readonly config: Config }
  | {
      readonly ok: false;
      /** The id; undefined when it could not be read. */
      readonly id: HealthcheckId | undefined;
      readonly faults: readonly FieldProblem[];
    };

/** One entry of the set, not yet read. */
export type EngineEntry = readonly [key: GobValue, value: GobValue];

/**
 * Returns the entries of a set.
 *
 * @param reply - to the fetch call; an engine that is disabled or not configured yet sends a set without entries
 * @throws RpcError for a reply of another type: it must not be taken for an empty set, which would stop every healthcheck
 */
export function entriesOf(reply: GobValue): readonly EngineEntry[] {
  const isSet = reply instanceof GobStruct && reply.type.positions.has("Configs");
  const configs = isSet ? (reply.get("Configs") ?? new GobMap([])) : undefined;
  if (!(configs instanceof GobMap))
    throw new RpcError("the reply to Healthchecks is not a set of healthchecks");
  return configs.entries;
}

/** Reads one entry. */
export function readEntry([key, value]: EngineEntry): EngineConfig {
  const id = typeof key === "bigint" ? parseId(String(key)) : undefined;
  try {
    // The key counts; the engine repeats it in the config.
    if (id === undefined || typeof key !== "bigint")
      throw new FieldError("id", secretProblem(key, "an integer"));
    if (!(value instanceof GobStruct))
      throw new FieldError("checker_type", secretProblem(undefined, "a config"));
    return { ok: true, config: { id: key, ...paceOf(value), ...checkerConfig(value.get("Checker")) } };
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    return { ok: false, id, faults: [{ path: [error.field], message: error.message }] };
  }
}

/** Interval, timeout and retries. Numbers that Google's health checker cannot run with are rejected, not replaced. */
function paceOf(config: GobStruct): Config {
  return {
    interval: duration("interval", integerOf(config, "Interval", "interval")),
    timeout: duration("timeout", integerOf(config, "Timeout", "timeout")),
    retries: retries(integerOf(config, "Retries", "retries")),
  };
}

function duration(field: string, nanoseconds: bigint): string {
  const text = `${nanoseconds}ns`;
  if (nanoseconds <= 0n) throw new FieldError(field, notValid(text, "a duration above 0"));
  return text;
}

function retries(count: bigint): number | bigint {
  if (count < 0n) throw new FieldError("retries", outOfRange(count, "an integer from 0"));
  return anyNumber(count);
}
