/** The age of a state file, pure: the clock of the boot decides if it can, since the wall clock may have been set in between. */
import { isSameBoot, type Moment } from "../system/boot-clock.ts";

/** Times that differ by less agree: the header is formatted a moment before it is written. */
const TOLERANCE_MS = 5_000;

/** Times of a state file. */
export interface FileTimes {
  /** Time at which its writer was last alive. */
  readonly alive: Moment;
  /** Modification time of the file, on the wall clock. */
  readonly mtimeMs: number;
  /** True if the file lies in memory, so that no boot survives it. */
  readonly isVolatile: boolean;
}

/**
 * Returns the milliseconds since the writer of a state file was last alive.
 *
 * @returns undefined if the file is from the future: it was changed, or the wall clock was set back
 */
export function ageOf({ alive, mtimeMs, isVolatile }: FileTimes, now: Moment): number | undefined {
  const sameBoot = isSameBoot(alive, now, isVolatile);
  const changedMs = mtimeMs - alive.wallMs;
  const isChangedLater = changedMs > TOLERANCE_MS && mtimeMs > now.wallMs + TOLERANCE_MS;
  if (isChangedLater || (!sameBoot && alive.wallMs > now.wallMs + TOLERANCE_MS)) return undefined;
  const ageMs = sameBoot ? now.bootMs - alive.bootMs : Math.max(0, now.wallMs - alive.wallMs);
  // Older than what is in it: of a copy that keeps times, for example.
  return ageMs + Math.max(0, -changedMs - TOLERANCE_MS);
}
