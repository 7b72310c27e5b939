/** What the configuration means to the parts that it is for: their settings out of its sections. Called by the daemon. */
import type { Config } from "../config/schema.ts";
import type { ConnectionLimits } from "../control/client-connection.ts";
import type { ProxySettings } from "../control/proxy-socket.ts";
import type { BatchSettings } from "../notifier/notifier.ts";

/** How notifications are gathered and told. */
export function notifierSettings({ batching, channels, advanced }: Config): BatchSettings {
  return {
    delayMs: batching.delay,
    maxSize: batching.max_size,
    notifyIntervalMs: advanced.notify_interval,
    channelSize: channels.notification,
  };
}

/** Where and how the proxy socket is served. */
export function proxySettings({ server, checks }: Config): ProxySettings {
  return { path: server.proxy_socket, mode: server.socket_mode, checks };
}

/** How much may wait in the connection of a client. */
export function connectionLimits({ channels }: Config): ConnectionLimits {
  return { inbound: channels.config_update, outbound: channels.proxy_message };
}
