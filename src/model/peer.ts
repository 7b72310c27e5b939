/** Names of the program at the other end of the control plane, of its queues and its methods, as metrics and log lines have them. */

/** The program at the other end of a control plane. */
export type PeerName = "proxy" | "engine";

/** Queues of a control plane, as `healthcheck_channel_depth` names them. */
export type ControlChannel = "config_update" | "proxy_message" | "engine_report";

/** Methods of the engine that are called. */
export const ENGINE_METHODS = ["fetch", "report"] as const;
/** Method of {@link ENGINE_METHODS}. */
export type EngineMethod = (typeof ENGINE_METHODS)[number];
