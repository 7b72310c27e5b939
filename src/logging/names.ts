/** The names of levels and formats, which commands that write no log need, too. */

/** From the gravest to the most talkative. */
export const LOG_LEVELS = ["error", "warn", "info", "debug", "trace"] as const;
/** Level of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];
/** The least severe level that is logged; `off` logs nothing. */
export type LogThreshold = LogLevel | "off";

/** Formats of log lines. */
export const LOG_FORMATS = ["text", "json"] as const;
/** Format of {@link LOG_FORMATS}. */
export type LogFormat = (typeof LOG_FORMATS)[number];
