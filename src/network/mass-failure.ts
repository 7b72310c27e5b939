/** The rule of mass failure: when most healthchecks fail at the same time, this host is more likely cut off than all backends dead; pure. */
import type { Counts } from "./tally.ts";

/** Healthchecks that must have failed before a mass failure is one. */
export const MIN_FAILED = 5;

/**
 * Returns true when more than the share of what was healthy fails within one interval, was not sent, or was asked and gave no sign since
 * anything last arrived.
 *
 * @param unanswered - checks that began since anything last arrived; 0 unless that is a silence
 * @param share - above 0; from 1 on nothing is a mass failure
 */
export function isMassFailure(counts: Counts, unanswered: number, share: number): boolean {
  const { healthy, total, local, failed } = counts;
  if (share >= 1 || total === 0) return false;
  const limit = share * total;
  if (failed >= MIN_FAILED && failed > limit) return true;
  if (local > 0 && local >= Math.min(MIN_FAILED, healthy) && local > limit) return true;
  return Math.min(unanswered, healthy) > limit;
}

/** Returns true when half of a mass failure has come about: the references are asked from now on. */
export function isHalfOfOne({ total, failed }: Counts, share: number): boolean {
  return failed >= MIN_FAILED && failed > (share / 2) * total;
}

/** Returns true when more than the share was not sent: then a reference that answers proves nothing about the backends. */
export function isMostlyLocal({ total, local }: Counts, share: number): boolean {
  return local > share * total;
}
