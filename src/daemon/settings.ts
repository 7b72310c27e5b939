/** Translates sections of the configuration into the settings of components. */
import type { Config } from "../config/schema.ts";
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
