/** Numbers of healthchecks as the API shows them. */
import type { StateCounts } from "../model/status.ts";
import type { Totals } from "./api.ts";

/** Numbers of healthchecks by state. */
export interface Counts extends StateCounts {
  /** Number of those whose state is from before a restart. */
  readonly provisional?: number;
}

/** Formats counts. */
export function totalsOf({ unknown, healthy, unhealthy, provisional = 0 }: Counts): Totals {
  const totals = { healthchecks: unknown + healthy + unhealthy, healthy, unhealthy, unknown };
  return provisional === 0 ? totals : { ...totals, provisional };
}
