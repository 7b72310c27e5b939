/** The flags of Google's health checker, glog's among them, and the effect of each on this server. */
import { socketPath } from "../config/address-values.ts";
import { DEFAULT_CONFIG, SECTIONS } from "../config/schema.ts";
import { type Bounds, settingFacts } from "../schema/field.ts";
import { readValue } from "../schema/object.ts";
import type { GoFlag } from "./go-flags.ts";
import {
  type GoKind,
  GoValueError,
  glogLevel,
  glogLines,
  glogModules,
  glogSeverity,
  goBoolean,
  goDuration,
  goInteger,
  goString,
} from "./go-values.ts";

/** A flag of Google's health checker. */
export interface SeesawFlag extends GoFlag {
  /** Reason why the flag has no effect, as the end of a log line; undefined for a flag that has one. */
  readonly withoutEffect?: string;
  /** The range of the setting behind the flag; the nearest value in it replaces others. */
  readonly bounds?: Bounds | undefined;
}

/** The path of a Unix socket; Go accepts a relative one as it is. */
const engineSocket: GoKind<string> = {
  word: "string",
  read: (text) => {
    const path = /^\.?\//.test(text) ? text : `./${text}`;
    const read = readValue(socketPath, path);
    if (read.ok) return read.value;
    throw new GoValueError(`must be ${socketPath.rule}`);
  },
};

const TO_STDERR = "the log goes to standard error, which Seesaw's watchdog writes to its own file";
const NO_FILES = "this server writes no log files";
const NO_SOURCE_LINES = "this server's log has no levels for single source files";

/** All flags. */
export const SEESAW_FLAGS = [
  {
    name: "alsologtostderr",
    kind: goBoolean,
    about: "Accepted; the log always goes to standard error",
    withoutEffect: TO_STDERR,
  },
  {
    name: "batch_delay",
    kind: goDuration,
    about: "Maximum time that a notification waits for its batch",
    fallback: "100ms",
    bounds: settingFacts(SECTIONS.batching.delay).bounds,
  },
  {
    name: "batch_size",
    kind: goInteger,
    about: "Number of notifications at which a batch is sent immediately",
    fallback: "100",
    bounds: settingFacts(SECTIONS.batching.max_size).bounds,
  },
  {
    name: "channel_size",
    kind: goInteger,
    about: "Accepted without effect; no check waits for the engine",
    fallback: "1000",
    withoutEffect: "the newest state of each healthcheck is kept, and no check waits for the engine",
  },
  {
    name: "dry_run",
    kind: goBoolean,
    about: "Make no check, and report every healthcheck as healthy",
  },
  {
    name: "engine",
    kind: engineSocket,
    about: "Unix socket of the Seesaw engine",
    fallback: JSON.stringify(DEFAULT_CONFIG.server.engine_socket),
  },
  {
    name: "fetch_interval",
    kind: goDuration,
    about: "Time from one fetch of the healthchecks to the next",
    fallback: "15s",
    bounds: settingFacts(SECTIONS.advanced.fetch_interval).bounds,
  },
  {
    name: "log_backtrace_at",
    kind: glogLines,
    about: "Accepted without effect",
    withoutEffect: NO_SOURCE_LINES,
  },
  {
    name: "log_dir",
    kind: goString,
    about: "Accepted; the log always goes to standard error",
    withoutEffect: TO_STDERR,
  },
  { name: "log_link", kind: goString, about: "Accepted without effect", withoutEffect: NO_FILES },
  { name: "logbuflevel", kind: goInteger, about: "Accepted without effect", withoutEffect: NO_FILES },
  {
    name: "logtostderr",
    kind: goBoolean,
    about: "Accepted; the log always goes to standard error",
    withoutEffect: TO_STDERR,
  },
  {
    name: "max_failures",
    kind: goInteger,
    about: "Accepted without effect; the engine is waited for indefinitely",
    fallback: "10",
    withoutEffect: "the engine is waited for indefinitely",
  },
  {
    name: "notify_interval",
    kind: goDuration,
    about: "Interval at which all known states are sent again",
    fallback: "15s",
    bounds: settingFacts(SECTIONS.advanced.notify_interval).bounds,
  },
  {
    name: "retry_delay",
    kind: goDuration,
    about: "Time from a failed report to the next try",
    fallback: "2s",
    bounds: settingFacts(SECTIONS.advanced.retry_delay).bounds,
  },
  {
    name: "stderrthreshold",
    kind: glogSeverity,
    about: "Accepted; the log always goes to standard error",
    withoutEffect: TO_STDERR,
  },
  { name: "v", kind: glogLevel, about: "Log level: 1 for debug, 2 and above for trace" },
  {
    name: "vmodule",
    kind: glogModules,
    about: "Accepted without effect",
    withoutEffect: NO_SOURCE_LINES,
  },
] as const satisfies readonly SeesawFlag[];

/** Name of a flag of {@link SEESAW_FLAGS}. */
export type SeesawFlagName = (typeof SEESAW_FLAGS)[number]["name"];
