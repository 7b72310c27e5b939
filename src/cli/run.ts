/** `run`: the daemon as a process, with its signals and its last words. */
import { changedKeys } from "../config/load.ts";
import { type Config, DEFAULT_CONFIG } from "../config/schema.ts";
import { Daemon } from "../daemon.ts";
import { ConfigurableLogger, type Logger } from "../logging/logger.ts";
import { LogSink } from "../logging/sink.ts";
import { REVISION, VERSION } from "../version.ts";
import { EXIT } from "./exit.ts";
import { type Environment, loadConfig, logSettings, type SettingOptions } from "./settings.ts";

/** The original logs to its standard output, and units rely on it. */
const LOG_FD = 1;
/** A log that nobody reads holds up the end for so long. */
const LOG_FLUSH_MS = 500;

/** Options of the command. */
export interface RunOptions extends SettingOptions {
  readonly strictConfig?: boolean;
  readonly checks?: string;
}

/**
 * Runs the daemon until it is told to stop.
 *
 * @returns the exit status
 */
export async function run(options: RunOptions, env: Environment): Promise<number> {
  const sink = new LogSink(LOG_FD, (lines) => `${lines} log lines were lost\n`);
  const log = new ConfigurableLogger(logSettings(options, env, DEFAULT_CONFIG.logging), sink);
  const endAtOnce = (status: number): never => {
    sink.flushSync();
    process.exit(status);
  };
  const lastWords = (error: unknown) => {
    log.error("Unexpected fault, ending", { error: error instanceof Error ? error.stack : String(error) });
    endAtOnce(EXIT.fault);
  };
  process.on("uncaughtException", lastWords);
  process.on("unhandledRejection", lastWords);
  const status = await serve(options, env, log, endAtOnce);
  await Promise.race([sink.flush(), Bun.sleep(LOG_FLUSH_MS)]);
  return status;
}

async function serve(
  options: RunOptions,
  env: Environment,
  log: ConfigurableLogger,
  endAtOnce: (status: number) => never,
): Promise<number> {
  log.info("Starting healthcheck server", { version: VERSION, revision: REVISION, pid: process.pid });
  const { config: loaded, missing } = loadConfig(options.config, env, log);
  if (loaded === undefined && (missing || options.strictConfig === true)) return EXIT.fault;
  if (loaded === undefined) log.warn("The configuration file is invalid, running on the defaults");
  let config = loaded ?? DEFAULT_CONFIG;
  log.configure(logSettings(options, env, config.logging));
  warnOfUnserved(config, log);

  const daemon = new Daemon(config, { checksFile: options.checks, caFile: env["SSL_CERT_FILE"] }, log);
  try {
    await daemon.start();
  } catch (error) {
    log.error("Cannot start", { error: error instanceof Error ? error.message : String(error) });
    return EXIT.fault;
  }
  let stopping = false;
  const stop = (signal: string) => {
    log.info("Signal received", { signal });
    if (stopping) endAtOnce(EXIT.fault);
    stopping = true;
    void daemon.stop();
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  process.on("SIGHUP", () => {
    config = reload(config, options, env, log);
    daemon.reload(config);
  });
  await daemon.ended;
  return EXIT.ok;
}

/** Reads the file again; one with faults changes nothing. */
function reload(running: Config, options: RunOptions, env: Environment, log: ConfigurableLogger): Config {
  log.info("Reloading configuration");
  const { config } = loadConfig(options.config, env, log);
  if (config === undefined) {
    log.warn("The configuration file is invalid, nothing has changed");
    return running;
  }
  for (const { key, reload: takesEffect } of changedKeys(running, config)) {
    if (takesEffect) log.info("Configuration changed", { key });
    else log.warn("Configuration changed, but takes effect only after a restart", { key });
  }
  log.configure(logSettings(options, env, config.logging));
  return config;
}

/** A switch that turns nothing on must say so. */
function warnOfUnserved(config: Config, log: Logger): void {
  for (const key of ["metrics", "telemetry"] as const) {
    if (config[key].enabled) log.warn("This version does not have it yet", { key: `${key}.enabled` });
  }
}
