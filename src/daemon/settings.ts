/** Translates sections of the configuration into the settings of components. */

import { parseReference } from "../config/references.ts";
import type { Config } from "../config/schema.ts";
import type { EventSettings } from "../events/events.ts";
import type { NetworkSettings } from "../network/network-watch.ts";
import type { BatchSettings } from "../notifier/notifier.ts";

/** Returns how notifications are collected and sent. */
export function batchSettings({ batching, channels, advanced }: Config): BatchSettings {
  return {
    delayMs: batching.delay,
    maxSize: batching.max_size,
    notifyIntervalMs: advanced.notify_interval,
    channelSize: channels.notification,
  };
}

/** Returns when reports are held because this host may be cut off. */
export function networkSettings({ network }: Config): NetworkSettings {
  return {
    holdMs: network.hold,
    share: network.mass_failure_share,
    // The schema has validated them.
    references: network.references.flatMap((text) => parseReference(text) ?? []),
  };
}

/** Returns where state changes are sent. */
export function eventSettings({ events }: Config): EventSettings {
  const { exec, webhook, queue_size } = events;
  return {
    exec: exec === "off" ? undefined : exec,
    webhook: webhook === "off" ? undefined : webhook,
    queueSize: queue_size,
  };
}
