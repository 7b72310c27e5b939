/** The way from a monitor's state change to the notifier. */
import type { MonitorObserver } from "../monitor/monitor.ts";
import { isForced } from "../monitor/override.ts";
import type { Notifier } from "../notifier/notifier.ts";

/** Creates an observer that queues a notification for each state change, and for each state from before a restart that a check has confirmed. */
export function notifyingObserver(notifier: Pick<Notifier, "notify">): MonitorObserver {
  return {
    settled: ({ spec, status, override }, { transition, confirmed }) => {
      // A forced state is reported when it is forced and when it ends, whatever checks find meanwhile.
      if (isForced(override)) return;
      if (transition !== undefined || confirmed === true) notifier.notify({ id: spec.id, status });
    },
    skipped: () => {},
    released: ({ spec, status, override }) => {
      if (!isForced(override)) notifier.notify({ id: spec.id, status });
    },
  };
}
