/** Numbers of healthchecks as the API shows them. */
import type { StateCounts } from "../model/status.ts";
import type { Totals } from "./api.ts";

/** Numbers of healthchecks by state. */
export interface Counts extends StateCounts {
  /** Number of those whose state is from before a restart. */
  readonly provisional?: number;
  /** Number of those that operators have forced or paused. */
  readonly overridden?: number;
}

/** Formats counts. */
export function totalsOf({ unknown, healthy, unhealthy, provisional = 0, overridden = 0 }: Counts): Totals {
  return {
    healthchecks: unknown + healthy + unhealthy,
    healthy,
    unhealthy,
    unknown,
    ...(provisional === 0 ? {} : { provisional }),
    ...(overridden === 0 ? {} : { overridden }),
  };
}
