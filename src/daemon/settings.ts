/** Translates sections of the configuration into the settings of components. */
import { join } from "node:path";
import { STATE_FILE_AUTO, STATE_FILE_OFF } from "../config/address-values.ts";
import { parseReference } from "../config/references.ts";
import type { Config } from "../config/schema.ts";
import type { EventSettings } from "../events/events.ts";
import type { NetworkSettings } from "../network/network-watch.ts";
import type { BatchSettings } from "../notifier/notifier.ts";
import type { StateFileSettings } from "../persistence/state-file.ts";

/** Name of the state file in the RuntimeDirectory. */
const STATE_FILE_NAME = "healthcheck-server.state";

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

/**
 * Returns where states are kept over a restart.
 *
 * @param env - environment of the process: systemd names the unit's runtime directories, separated by colons
 * @returns undefined if they are not kept
 */
export function stateFileSettings(
  { server }: Config,
  env: Readonly<Record<string, string | undefined>>,
): StateFileSettings | undefined {
  const { state_file, state_max_age } = server;
  if (state_file === STATE_FILE_OFF || state_file === "") return undefined;
  if (state_file !== STATE_FILE_AUTO) return { path: state_file, maxAgeMs: state_max_age };
  const [directory = ""] = (env["RUNTIME_DIRECTORY"] ?? "").split(":");
  return directory.startsWith("/")
    ? { path: join(directory, STATE_FILE_NAME), maxAgeMs: state_max_age }
    : undefined;
}
