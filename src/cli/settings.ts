/** The configuration in effect: file, environment and command line, in the order of their precedence. */

import { formatDiagnostic } from "../config/diagnostic.ts";
import { configExposure } from "../config/exposure.ts";
import { findConfigFile, loadConfigFile, reloadConfigFile } from "../config/load.ts";
import { type Config, DEFAULT_CONFIG } from "../config/schema.ts";
import { LOG_LEVEL_RULE, readLevel } from "../logging/level.ts";
import type { LogFormat, Logger, LogLevel, LogSettings, LogThreshold } from "../logging/logger.ts";
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

/** A file judged, with everything said about it already logged. */
export interface LoadedConfig {
  /** Undefined when the file is invalid. */
  readonly config: Config | undefined;
  /** The first error of an invalid file, `FILE:LINE:COLUMN: KEY: …`; undefined when there is none. */
  readonly fault: string | undefined;
  /** Whether the file named on the command line does not exist. */
  readonly missing: boolean;
}

/** Finds and reads the configuration file, and logs what there is to say about it, in the words of the original. */
export function loadConfig(named: string | undefined, env: Environment, log: Logger): LoadedConfig {
  const path = announce(named, env, log);
  if (path === undefined) return DEFAULTS;
  return distrusted(path, log) ?? report(path, loadConfigFile(path), named, log);
}

/** {@link loadConfig} while the server runs: the event loop has its turns. */
export async function reloadConfig(
  named: string | undefined,
  env: Environment,
  log: Logger,
): Promise<LoadedConfig> {
  const path = announce(named, env, log);
  if (path === undefined) return DEFAULTS;
  return distrusted(path, log) ?? report(path, await reloadConfigFile(path), named, log);
}

const DEFAULTS: LoadedConfig = { config: DEFAULT_CONFIG, fault: undefined, missing: false };

/** Why root must not obey a file, which is logged: somebody else could change it. @returns undefined when it may */
function distrusted(path: string, log: Logger): LoadedConfig | undefined {
  const reason = isRoot() ? findDistrust(path) : undefined;
  if (reason === undefined) return undefined;
  const message = `root obeys only files that nobody else can change, and ${reason}`;
  const fault = formatDiagnostic(path, { key: "", message });
  log.error(`Configuration error: ${fault}`);
  return { config: undefined, fault, missing: false };
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
  { config, faults, warnings, missing }: ReturnType<typeof loadConfigFile>,
  named: string | undefined,
  log: Logger,
): LoadedConfig {
  for (const fault of faults) log.error(`Configuration error: ${formatDiagnostic(path, fault)}`);
  for (const warning of warnings) log.warn(`Configuration warning: ${formatDiagnostic(path, warning)}`);
  const exposed = config && configExposure(path, config);
  if (exposed !== undefined) log.warn(`Configuration warning: ${formatDiagnostic(path, exposed)}`);
  if (config !== undefined) log.info("Configuration loaded successfully");
  const [first] = faults;
  const fault = first && formatDiagnostic(path, first);
  return { config, fault, missing: missing && named !== undefined };
}

/**
 * What is logged, and how.
 *
 * @param file - what the configuration file says
 */
export function logSettings(options: SettingOptions, env: Environment, file: Config["logging"]): LogSettings {
  return {
    level: options.logLevel ?? levelFromEnvironment(env) ?? file.level,
    format: options.logFormat ?? file.format,
  };
}

/**
 * The level that the environment asks for: HEALTHCHECK_LOG, or RUST_LOG as units of the original server have it
 * (`debug`, `healthcheck_server=debug,info`).
 */
export function levelFromEnvironment(env: Environment): LogThreshold | undefined {
  return readLevel(env["HEALTHCHECK_LOG"] ?? "")?.level ?? readLevel(env["RUST_LOG"] ?? "")?.level;
}

/** What is wrong with the level that HEALTHCHECK_LOG asks for, in words; undefined when nothing is. */
export function levelFault(env: Environment): string | undefined {
  const word = env["HEALTHCHECK_LOG"] ?? "";
  if (word.trim() === "" || readLevel(word) !== undefined) return undefined;
  return `HEALTHCHECK_LOG: ${show(word)} is not allowed and has no effect: give ${LOG_LEVEL_RULE}`;
}
