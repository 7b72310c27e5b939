/** The configuration in effect: file, environment and command line, in the order of their precedence. */

import { formatDiagnostic } from "../config/diagnostic.ts";
import { configExposure } from "../config/exposure.ts";
import { loadConfigFile, reloadConfigFile } from "../config/load.ts";
import { findConfigFile } from "../config/places.ts";
import { type Config, DEFAULT_CONFIG } from "../config/schema.ts";
import { LOG_LEVEL_RULE, readLevel } from "../logging/level.ts";
import type { Logger, LogSettings } from "../logging/logger.ts";
import type { LogFormat, LogLevel, LogThreshold } from "../logging/names.ts";
import { show } from "../model/format-value.ts";
import { findDistrust, isRoot } from "../system/file-trust.ts";

/** The process's environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Options of the command line that a configuration file has too. */
export interface SettingOptions {
  readonly config?: string;
  readonly logLevel?: LogLevel;
  readonly logFormat?: LogFormat;
}

/** A validated file, whose errors and warnings are already logged. */
export interface LoadedConfig {
  /** Undefined when the file is invalid. */
  readonly config: Config | undefined;
  /** The keys that have a value in the file, as `telemetry.otlp_endpoint`; empty when the file is invalid. */
  readonly named: ReadonlySet<string>;
  /** The first error of an invalid file, `FILE:LINE:COLUMN: KEY: …`; undefined for a valid file. */
  readonly fault: string | undefined;
  /** True when the file named on the command line does not exist. */
  readonly missing: boolean;
}

/** Finds and reads the configuration file, and logs its errors and warnings with the messages of the Rust server. */
export function loadConfig(named: string | undefined, env: Environment, log: Logger): LoadedConfig {
  const path = announce(named, env, log);
  if (path === undefined) return DEFAULTS;
  return distrusted(path, log) ?? report(path, loadConfigFile(path), named, log);
}

/** Finds and reads the configuration file in time slices, so that a running server keeps checking; see {@link loadConfig}. */
export async function reloadConfig(
  named: string | undefined,
  env: Environment,
  log: Logger,
): Promise<LoadedConfig> {
  const path = announce(named, env, log);
  if (path === undefined) return DEFAULTS;
  return distrusted(path, log) ?? report(path, await reloadConfigFile(path), named, log);
}

const DEFAULTS: LoadedConfig = { config: DEFAULT_CONFIG, named: new Set(), fault: undefined, missing: false };

/** Rejects and logs a file that root must not obey, because another user could change it. @returns undefined for any other file */
function distrusted(path: string, log: Logger): LoadedConfig | undefined {
  const reason = isRoot() ? findDistrust(path) : undefined;
  if (reason === undefined) return undefined;
  const message = `root reads only files that no other user can change: ${reason}`;
  const fault = formatDiagnostic(path, { key: "", message });
  log.error(`Configuration error: ${fault}`);
  return { config: undefined, named: new Set(), fault, missing: false };
}

function announce(named: string | undefined, env: Environment, log: Logger): string | undefined {
  const path = findConfigFile(named, env);
  log.info(
    path === undefined
      ? "No configuration file found, using defaults"
      : `Loading configuration from: ${path}`,
  );
  return path;
}

function report(
  path: string,
  loaded: ReturnType<typeof loadConfigFile>,
  named: string | undefined,
  log: Logger,
): LoadedConfig {
  const { config, named: namedKeys, faults, warnings, missing } = loaded;
  for (const fault of faults) log.error(`Configuration error: ${formatDiagnostic(path, fault)}`);
  for (const warning of warnings) log.warn(`Configuration warning: ${formatDiagnostic(path, warning)}`);
  const exposed = configExposure(path, loaded);
  if (exposed !== undefined) log.warn(`Configuration warning: ${formatDiagnostic(path, exposed)}`);
  if (config !== undefined) log.info("Configuration loaded successfully");
  const [first] = faults;
  const fault = first && formatDiagnostic(path, first);
  return { config, named: namedKeys, fault, missing: missing && named !== undefined };
}

/**
 * Combines command line, environment and configuration file into the settings of the log.
 *
 * @param file - section `logging` of the configuration file
 */
export function logSettings(options: SettingOptions, env: Environment, file: Config["logging"]): LogSettings {
  return {
    level: options.logLevel ?? levelFromEnvironment(env) ?? file.level,
    format: options.logFormat ?? file.format,
  };
}

/**
 * Reads the log level from the environment: HEALTHCHECK_LOG, or RUST_LOG as units of the Rust server have it
 * (`debug`, `healthcheck_server=debug,info`).
 */
export function levelFromEnvironment(env: Environment): LogThreshold | undefined {
  return readLevel(env["HEALTHCHECK_LOG"] ?? "")?.level ?? readLevel(env["RUST_LOG"] ?? "")?.level;
}

/** Returns the error in HEALTHCHECK_LOG; undefined when it is unset or valid. */
export function invalidLogLevel(env: Environment): string | undefined {
  const word = env["HEALTHCHECK_LOG"] ?? "";
  if (word.trim() === "" || readLevel(word) !== undefined) return undefined;
  return `HEALTHCHECK_LOG: ${show(word)} is not valid and is ignored; must be ${LOG_LEVEL_RULE}`;
}
