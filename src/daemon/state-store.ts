/** The port to the states that outlive the process, and its null object for a server that keeps none. */
import type { Logger } from "../logging/logger.ts";
import type { HealthcheckId } from "../model/id.ts";
import type { Monitor } from "../monitor/monitor.ts";
import type { OverrideRecord } from "../persistence/format.ts";
import { NO_EARLIER_OVERRIDES, StateFile, type StateFileSettings } from "../persistence/state-file.ts";
import type { Clock } from "../system/clock.ts";

/** States that outlive the process. */
export type StateStore = Pick<
  StateFile,
  "start" | "take" | "settled" | "skipped" | "released" | "close" | "overridesChanged" | "overridesKept"
>;

/** Keeps nothing. */
const NO_STATE_STORE: StateStore = {
  start: async () => NO_EARLIER_OVERRIDES,
  take: () => undefined,
  settled: () => {},
  skipped: () => {},
  released: () => {},
  close: async () => {},
  overridesChanged: () => {},
  overridesKept: async () => "server.state_file is not in use",
};

/** Creates the store. @param settings - undefined if no states are kept @param monitors - the running ones @param overrides - returns those in effect */
export function createStateStore(
  settings: StateFileSettings | undefined,
  clock: Clock,
  monitors: ReadonlyMap<HealthcheckId, Monitor>,
  log: Logger,
  overrides: () => Iterable<OverrideRecord>,
): StateStore {
  return settings === undefined ? NO_STATE_STORE : new StateFile(settings, clock, monitors, log, overrides);
}
