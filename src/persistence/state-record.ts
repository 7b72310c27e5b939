/** Monitors as records of the state file and back, pure. Times in the file are those of the boot's clock, which all processes share. */
import { checkKey } from "../model/check-key.ts";
import type { Damping } from "../monitor/damping.ts";
import type { Monitor } from "../monitor/monitor.ts";
import type { EarlierState } from "../monitor/reported-status.ts";
import type { EarlierRecord } from "./earlier-states.ts";
import type { DampingRecord, StateRecord } from "./format.ts";

/** One moment on the clock of the scheduler and on that of the boot. */
export interface Now {
  readonly ms: number;
  readonly bootMs: number;
}

/** Reports whether the newest result has changed the measured state of a backend that is damped: the penalty is another one. */
export function hasFlapped({ isDamped, health, spec }: Monitor): boolean {
  if (!isDamped) return false;
  return health.consecutiveSuccesses === spec.rise || health.consecutiveFailures === spec.fall;
}

/** Returns the record of a healthcheck; undefined while its state is unknown. */
export function recordOf(
  { spec, health, memory, sinceMs, provisional }: Monitor,
  now: Now,
): StateRecord | undefined {
  const { state } = health;
  if (state === "unknown") return undefined;
  const { successes, failures } = memory.status;
  const damping = dampingRecord(memory.damping, now);
  return {
    ...{ id: spec.id, key: checkKey(spec.check), state, sinceMs, successes, failures },
    ...(provisional === undefined ? {} : { aliveBootMs: provisional.aliveBootMs }),
    ...(damping === undefined ? {} : { damping }),
  };
}

function dampingRecord(damping: Damping | undefined, now: Now): DampingRecord | undefined {
  if (damping === undefined || damping.measured === "unknown") return undefined;
  const { measured, penalty, atMs, isDamped } = damping;
  return { measured, penalty, isDamped, atBootMs: now.bootMs - (now.ms - atMs) };
}

/** Returns the state that a monitor restores. @param record - of an earlier process, with the times of this boot's clock */
export function earlierStateOf({ damping, ...record }: EarlierRecord, now: Now): EarlierState {
  if (damping === undefined) return record;
  const { atBootMs, ...rest } = damping;
  return { ...record, damping: { ...rest, atMs: now.ms - (now.bootMs - atBootMs) } };
}
