/** `run`: the daemon as a process, with its signals, reloads and exit status. */

import { REVISION, VERSION } from "../build-info.ts";
import { changedKeys, type Overrides, overridden, reloaded } from "../config/load.ts";
import { type Config, DEFAULT_CONFIG } from "../config/schema.ts";
import { Daemon } from "../daemon/daemon.ts";
import { FaultInjector, TEST_FAULTS } from "../daemon/fault-injection.ts";
import { LOG_FLUSH_MS } from "../daemon/stop-budget.ts";
import { BufferedLogger } from "../logging/buffered-logger.ts";
import { isJournalStream } from "../logging/journal.ts";
import { ConfigurableLogger, type LogFields, type Logger } from "../logging/logger.ts";
import { PacedLog } from "../logging/paced.ts";
import { LogSink } from "../logging/sink.ts";
import { describeError } from "../model/format-value.ts";
import { ignoreStraySignals } from "../system/ignored-signals.ts";
import { releaseStartupPages } from "../system/memory.ts";
import { runtimeVariables } from "../system/runtime-variables.ts";
import type { CaughtSignal, SignalQueue } from "../system/signals.ts";
import { notifySettings } from "../systemd/notify-socket.ts";
import { reportFailedStart } from "../systemd/service-notifier.ts";
import { EXIT } from "./exit.ts";
import {
  type Environment,
  invalidLogLevel,
  loadConfig,
  logSettings,
  reloadConfig,
  type SettingOptions,
} from "./settings.ts";

/** Standard output: the Rust server logs there, and units rely on it. */
const DEFAULT_LOG_FD = 1;
/** Burst of log lines about signals. */
const SIGNAL_BURST = 10;

/** Options of the daemon's process. */
export interface RunOptions extends SettingOptions {
  readonly strictConfig?: boolean;
  readonly checks?: string;
  /** Settings that apply in place of the configuration file's, also after a reload. */
  readonly overrides?: Overrides;
  /** True runs no check: every healthcheck counts as healthy. */
  readonly dryRun?: boolean;
  /** The descriptor of the log; standard output by default. */
  readonly logFd?: 1 | 2;
  /** Log lines about the command line. */
  readonly notes?: readonly StartNote[];
}

/** A log line about the command line. */
export interface StartNote {
  readonly level: "info" | "warn";
  readonly message: string;
  readonly fields?: LogFields;
}

/**
 * Runs the daemon until a signal or the client stops it.
 *
 * @param signals - of this process
 * @returns the exit status
 */
export async function run(options: RunOptions, env: Environment, signals: SignalQueue): Promise<number> {
  const runner = new Runner(options, env, signals);
  return await runner.run();
}

/** The process around one daemon. */
class Runner {
  readonly #options: RunOptions;
  readonly #env: Environment;
  readonly #sink: LogSink;
  readonly #log: ConfigurableLogger;
  readonly #signals: SignalQueue;
  readonly #signalLog: PacedLog;
  #config = DEFAULT_CONFIG;
  /** The first error of a configuration file that is not in effect. */
  #configFault: string | undefined;
  /** The keys that the configuration file sets, as `section.key`. */
  #named: ReadonlySet<string> = new Set();
  #daemon: Daemon | undefined;
  #stopping = false;
  /** A reload was requested and has not started. */
  #reloadAsked = false;
  #reloading = false;

  constructor(options: RunOptions, env: Environment, signals: SignalQueue) {
    this.#signals = signals;
    this.#options = options;
    this.#env = env;
    const settings = logSettings(options, env, DEFAULT_CONFIG.logging);
    const { logFd = DEFAULT_LOG_FD } = options;
    this.#sink = new LogSink(logFd, (lines) => this.#log.lossLine(lines));
    this.#log = new ConfigurableLogger(settings, this.#sink, isJournalStream(logFd, env));
    this.#signalLog = new PacedLog(this.#log, SIGNAL_BURST);
  }

  async run(): Promise<number> {
    process.on("uncaughtException", (error) => this.#crash(error));
    process.on("unhandledRejection", (error) => this.#crash(error));
    this.#signals.listen((signal) => this.#answer(signal));
    ignoreStraySignals();
    const status = await this.#serve();
    await this.#sink.flush(AbortSignal.timeout(LOG_FLUSH_MS));
    return status;
  }

  async #serve(): Promise<number> {
    const notify = notifySettings(this.#env, process.pid);
    const config = this.#startConfig();
    if (config === undefined) {
      reportFailedStart(notify, this.#configFault ?? "the configuration file is invalid");
      return EXIT.failure;
    }
    this.#config = config;
    const daemon = new Daemon(
      config,
      {
        checksFile: this.#options.checks,
        caFile: this.#env["SSL_CERT_FILE"],
        dryRun: this.#options.dryRun ?? false,
        configFault: this.#configFault,
        named: this.#named,
        notify,
        faults: faultInjector(this.#env, this.#log),
        env: this.#env,
        addLogFields: (fields) => this.#log.addFields(fields),
      },
      this.#log,
    );
    try {
      await daemon.start();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#log.error("Cannot start", { error: why });
      reportFailedStart(notify, why);
      return EXIT.failure;
    }
    this.#daemon = daemon;
    releaseStartupPages();
    if (this.#reloadAsked) this.#reload();
    await daemon.ended;
    return EXIT.ok;
  }

  /** Loads the configuration to start with; undefined when the server must not start. */
  #startConfig(): Config | undefined {
    const held = new BufferedLogger();
    held.info("Starting healthcheck server", { version: VERSION, revision: REVISION, pid: process.pid });
    for (const { name, obeyed } of runtimeVariables(this.#env)) {
      if (obeyed) held.warn("Environment variable affects the runtime, unset it", { variable: name });
      else held.warn("Ignoring environment variable of the runtime", { variable: name });
    }
    for (const { level, message, fields } of this.#options.notes ?? []) held[level](message, fields);
    const fault = invalidLogLevel(this.#env);
    if (fault !== undefined) held.error(`Configuration error: ${fault}`);
    const loaded = loadConfig(this.#options.config, this.#env, held);
    const { config, missing } = loaded;
    this.#configFault = loaded.fault;
    this.#named = loaded.named;
    this.#log.configure(logSettings(this.#options, this.#env, (config ?? DEFAULT_CONFIG).logging));
    held.release(this.#log);
    if (config !== undefined) return this.#overridden(config);
    if (missing || this.#options.strictConfig === true) return undefined;
    this.#log.warn("The configuration file is invalid, using the defaults");
    return this.#overridden(DEFAULT_CONFIG);
  }

  /** Puts the settings of the command line in place of the file's. */
  #overridden(config: Config): Config {
    return overridden(config, this.#options.overrides ?? {});
  }

  #answer(signal: CaughtSignal): void {
    switch (signal) {
      case "SIGTERM":
      case "SIGINT":
      case "SIGQUIT":
        this.#stop(signal);
        break;
      case "SIGHUP":
        this.#reload();
        break;
      case "SIGUSR1":
        this.#signalLog.info("Server state", this.#daemon?.state() ?? { starting: true });
        break;
      default:
        this.#signalLog.info("Signal ignored", { signal });
    }
  }

  /** Stops gracefully on the first signal; exits immediately on a second one, or before the daemon has started. */
  #stop(signal: string): void {
    this.#log.info("Signal received", { signal });
    if (this.#stopping) this.#endAtOnce(EXIT.failure);
    if (this.#daemon === undefined) this.#endAtOnce(EXIT.ok);
    this.#stopping = true;
    void this.#daemon?.stop();
  }

  /** Requests a reload. During startup it is postponed; requests during a reload are merged into one. */
  #reload(): void {
    this.#reloadAsked = true;
    if (this.#daemon !== undefined && !this.#reloading) void this.#reloadWhileAsked(this.#daemon);
  }

  async #reloadWhileAsked(daemon: Daemon): Promise<void> {
    this.#reloading = true;
    while (this.#reloadAsked) {
      // The runtime drops signals when too many are pending, SIGTERM too: handle them before the reload.
      await new Promise((resolve) => setImmediate(resolve));
      this.#reloadAsked = false;
      await this.#reloadOnce(daemon);
    }
    this.#reloading = false;
  }

  /** Reloads the file; an invalid one changes nothing. */
  async #reloadOnce(daemon: Daemon): Promise<void> {
    const log = this.#log;
    log.info("Reloading configuration");
    const loaded = await reloadConfig(this.#options.config, this.#env, log);
    if (loaded.config === undefined) {
      log.warn("The configuration file is invalid, nothing has changed");
    } else {
      const config = this.#overridden(loaded.config);
      for (const { key, reload: takesEffect } of changedKeys(this.#config, config)) {
        if (takesEffect) log.info("Configuration changed", { key });
        else log.warn("Configuration changed, restart required", { key });
      }
      this.#config = reloaded(this.#config, config);
      log.configure(logSettings(this.#options, this.#env, config.logging));
    }
    await daemon.reload(this.#config, loaded.fault);
  }

  #crash(error: unknown): void {
    this.#log.error("Unexpected error, exiting", {
      error: describeError(error),
    });
    this.#endAtOnce(EXIT.failure);
  }

  #endAtOnce(status: number): never {
    this.#sink.flushSync();
    process.exit(status);
  }
}

/** Creates the fault injector, and warns in the log if it injects a fault. */
function faultInjector(env: Environment, log: Logger): FaultInjector {
  const word = env["HEALTHCHECK_TEST_FAULT"] ?? "";
  if (word === "") return new FaultInjector(undefined);
  const name = TEST_FAULTS.find((known) => known === word);
  if (name === undefined) log.warn("Ignoring unknown HEALTHCHECK_TEST_FAULT", { fault: word });
  else
    log.warn("HEALTHCHECK_TEST_FAULT is set: faults are injected into this server, unset it", {
      fault: name,
    });
  return new FaultInjector(name);
}
