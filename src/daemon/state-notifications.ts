/** The way from a monitor's state change to the notifier. */
import type { MonitorObserver } from "../monitor/monitor.ts";
import type { Notifier } from "../notifier/notifier.ts";

/** Creates an observer that queues a notification for each state change. */
export function notifyingObserver(notifier: Pick<Notifier, "notify">): MonitorObserver {
  return {
    settled: ({ spec, status }, { transition }) => {
      if (transition !== undefined) notifier.notify({ id: spec.id, status });
    },
    skipped: () => {},
    released: ({ spec, status }) => notifier.notify({ id: spec.id, status }),
  };
}
