/** Limits of overrides, which the command line and the server share. */

/** The longest override: an override that is forgotten ends after a week. */
export const MAX_OVERRIDE_MS = 7 * 86_400_000;
/** The longest reason. */
export const MAX_REASON_BYTES = 200;

/** Describes the allowed durations. */
export function describeDurations(): string {
  return "a duration with units, such as 30m, above 0 and at most 7 days (168h)";
}
