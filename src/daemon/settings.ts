/** Translates sections of the configuration into the settings of components. */

import { parseReference } from "../config/references.ts";
import type { Config } from "../config/schema.ts";
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
