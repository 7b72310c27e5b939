/** An operator's decision about one healthcheck, which stands over what its checks find until it ends. */
import { elapsedMs, type Moment } from "../system/boot-clock.ts";

/** Actions of an override: force a state, or start no checks. */
export const OVERRIDE_ACTIONS = ["healthy", "unhealthy", "paused"] as const;
/** One of {@link OVERRIDE_ACTIONS}. */
export type OverrideAction = (typeof OVERRIDE_ACTIONS)[number];

/** An operator, as the kernel describes the process that connected. */
export interface Operator {
  readonly uid: number;
  /** Name of the user; its number if it has none. */
  readonly user: string;
  readonly pid: number;
}

/** One override. */
export interface Override {
  readonly action: OverrideAction;
  /** One line. */
  readonly reason: string;
  readonly by: Operator;
  /** Wall-clock time at which the operator gave it. */
  readonly sinceMs: number;
  /** It ends {@link durationMs} after this moment. */
  readonly from: Moment;
  readonly durationMs: number;
}

/** Returns the time at which an override ends, by the wall clock as it is now; milliseconds since 1970. */
export function endWallMs({ from, durationMs }: Override, now: Moment): number {
  return now.wallMs + durationMs - elapsedMs(from, now, true);
}

/** Reports whether an override puts a state in place of the measured one. */
export function isForced(override: Override | undefined): override is ForcedState {
  return override !== undefined && override.action !== "paused";
}

/** An override that puts a state in place of the measured one. */
export interface ForcedState extends Override {
  readonly action: Exclude<OverrideAction, "paused">;
}

/** Formats an override for messages: `forced unhealthy by root: drained for repair`. */
export function describeOverride({ action, reason, by }: Override): string {
  return `${action === "paused" ? "paused" : `forced ${action}`} by ${by.user}: ${reason}`;
}
