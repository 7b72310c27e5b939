/**
 * The engine as control plane: sets are fetched from the Seesaw engine, and states reported to it (`engine-reports.ts`), as Google's health
 * checker does (docs/engine-protocol.md). The engine is waited for indefinitely, and while it is away the healthchecks run.
 */
import type { Config } from "../config/schema.ts";
import type { Logger } from "../logging/logger.ts";
import { PacedLog } from "../logging/paced.ts";
import type { HealthcheckId } from "../model/id.ts";
import type { HealthcheckSpec } from "../model/spec.ts";
import type { Notification } from "../model/status.ts";
import type { EngineEntry } from "../rpc/engine-set.ts";
import { socketIdentity } from "../system/unix-socket.ts";
import type {
  ControlPlane,
  ControlPlaneContext,
  ControlPlaneHandler,
  CountFault,
  Peer,
} from "./control-plane.ts";
import { callEngine } from "./engine-call.ts";
import { type EngineCaller, EngineClient } from "./engine-client.ts";
import { EngineConfigReader } from "./engine-configs.ts";
import { type EngineFailure, EngineFailureLog, engineFailure } from "./engine-failures.ts";
import { EngineReports, type ReportSettings } from "./engine-reports.ts";
import type { CallSpan, EngineTracingProvider } from "./engine-tracing.ts";

/** Interval of fetches while the set is empty, the engine is away, or has just been; milliseconds. */
const FAST_FETCH_MS = 1_000;
/** Time after the engine's return in which its set still grows: it configures itself once a minute. Milliseconds. */
const FAST_FETCHES_MS = 60_000;
/** Interval at which the socket file is polled while the engine is away, which costs less than a call; milliseconds. */
const SOCKET_POLL_MS = 100;
/** Time in which a new id of an equal check continues the state of an old one; milliseconds. */
const INHERIT_MS = 120_000;
const CONNECTION_BURST = 4;
/** Lines about the configs of a set: those that are described, and the count of the others. */
const CONFIG_BURST = 101;

/** Fetches sets from the Seesaw engine, one call at a time, and has states reported to it. */
export class EngineControl implements ControlPlane {
  readonly #path: string;
  readonly #log: Logger;
  readonly #count: CountFault;
  readonly #fault: (error: unknown) => void;
  readonly #tracing: EngineTracingProvider;
  readonly #client: EngineClient;
  readonly #identityOf: (path: string) => string | undefined;
  readonly #reader: EngineConfigReader;
  readonly #failureLog: EngineFailureLog;
  readonly #connectionLog: PacedLog;
  readonly #configLog: PacedLog;
  readonly #reports: EngineReports;
  /** Ends fetches at the beginning of a stop: the last report has the rest of its time. */
  readonly #stopping = new AbortController();
  #settings: EngineSettings;
  #handler: ControlPlaneHandler | undefined;
  /** Reason why the last fetch failed; undefined after a good one. */
  #problem: string | undefined = "the engine has not sent a set yet";
  #hasFailed = false;
  #isAway = false;
  #fastUntilMs = Number.NEGATIVE_INFINITY;
  #fetchTimer: ReturnType<typeof setTimeout> | undefined;
  #pollTimer: ReturnType<typeof setInterval> | undefined;
  /** Identity of the socket file at the last fetch. */
  #socketIdentity: string | undefined;
  /** Identity of the socket file of the engine whose set is applied. */
  #setIdentity: string | undefined;
  /** Healthchecks of the set that is applied. */
  #specs: ReadonlyMap<HealthcheckId, HealthcheckSpec> = new Map();

  /**
   * @param path - of the engine's Unix socket
   * @param call - makes a call, for tests
   * @param identityOf - returns the identity of a socket file, for tests
   */
  constructor(
    path: string,
    context: Omit<ControlPlaneContext, "checksFile" | "tracing">,
    call: EngineCaller = callEngine,
    identityOf: (path: string) => string | undefined = socketIdentity,
  ) {
    const { config, log, count, fault, engineCalled, engineTracing } = context;
    this.#identityOf = identityOf;
    this.#path = path;
    this.#log = log;
    this.#count = count;
    this.#fault = fault;
    this.#tracing = engineTracing;
    this.#client = new EngineClient(path, call, engineCalled);
    this.#settings = engineSettings(config);
    this.#reports = new EngineReports(this.#settings, {
      client: this.#client,
      tracing: engineTracing,
      log,
      failed: (error, span) => this.#reportFailed(error, span),
      mayReport: () => this.#identityOf(this.#path) === this.#setIdentity,
      // The next fetch decides whether it is away.
      unreachable: () => {
        if (this.#isConnected && this.#handler !== undefined) this.#fetchNow(this.#handler);
      },
    });
    this.#reader = new EngineConfigReader(config.checks);
    this.#failureLog = new EngineFailureLog(log, path);
    this.#connectionLog = new PacedLog(log, CONNECTION_BURST);
    this.#configLog = new PacedLog(log, CONFIG_BURST);
  }

  get peer(): Peer {
    return { name: "engine", connected: this.#isConnected };
  }

  get depths() {
    return { engine_report: this.#reports.size };
  }

  readinessProblem(): string | undefined {
    return this.#problem ?? this.#reports.problem;
  }

  /** Starts to fetch. Settles before the engine has answered: it may be started later. */
  async start(handler: ControlPlaneHandler): Promise<void> {
    this.#handler = handler;
    this.#log.info("Fetching healthchecks from the engine", { socket: this.#path });
    void this.#fetch(handler);
  }

  /** Applies new intervals and batch sizes. The next fetch is planned again, so that a shorter interval takes effect immediately. */
  async reconfigure(config: Config): Promise<undefined> {
    const before = this.#settings;
    this.#settings = engineSettings(config);
    this.#reports.reconfigure(this.#settings);
    const handler = this.#handler;
    if (this.#fetchTimer === undefined || handler === undefined) return;
    if (this.#settings.fetchIntervalMs < before.fetchIntervalMs)
      this.#fetchIn(handler, Math.min(FAST_FETCH_MS, this.#settings.fetchIntervalMs));
  }

  /** Fetches immediately when the socket file has changed: the engine has restarted, perhaps between two fetches. */
  maintain(): void {
    const handler = this.#handler;
    if (handler === undefined || this.#fetchTimer === undefined) return;
    const identity = this.#identityOf(this.#path);
    if (identity === this.#socketIdentity || (identity === undefined && this.#isAway)) return;
    this.#fetchNow(handler);
  }

  /** Accepts everything: the newest state of each healthcheck is kept until the engine has accepted it. Unknown states are never reported. */
  deliver(batch: readonly Notification[]): number {
    this.#reports.put(batch);
    return batch.length;
  }

  async stop(signal: AbortSignal): Promise<void> {
    clearTimeout(this.#fetchTimer);
    clearInterval(this.#pollTimer);
    this.#handler = undefined;
    this.#stopping.abort();
    const mayFlush = this.#isConnected || (this.#specs.size > 0 && !this.#isAway);
    await this.#reports.stop(mayFlush, this.#isAway, signal);
    this.#connectionLog.flush();
    this.#configLog.flush();
  }

  get #isConnected(): boolean {
    return this.#problem === undefined;
  }

  async #fetch(handler: ControlPlaneHandler): Promise<void> {
    clearTimeout(this.#fetchTimer);
    this.#fetchTimer = undefined;
    const identity = this.#identityOf(this.#path);
    const isSameSocket = identity === this.#socketIdentity;
    this.#socketIdentity = identity;
    if (!isSameSocket && this.#isConnected) {
      this.#problem = "the engine has restarted";
      this.#hasFailed = true;
    }
    let delayMs = FAST_FETCH_MS;
    await this.#tracing().fetch(async (span) => {
      try {
        const entries = await this.#client.fetch(this.#stopping.signal);
        delayMs = await this.#fetched(handler, entries, identity, span);
      } catch (error) {
        this.#fetchFailed(handler, engineFailure(error), error, span);
        // A socket that has just been made may not listen yet.
        if (!isSameSocket) delayMs = SOCKET_POLL_MS;
      }
    });
    this.#fetchIn(handler, delayMs);
  }

  /** Applies a set. @param identity - of the socket file that it came from @returns the time until the next fetch; milliseconds */
  async #fetched(
    handler: ControlPlaneHandler,
    entries: readonly EngineEntry[],
    identity: string | undefined,
    span: CallSpan,
  ): Promise<number> {
    const { specs, rejected, rejections, messages, undescribed } = await this.#reader.read(entries);
    if (this.#handler === undefined) return 0;
    for (const message of messages) this.#configLog.warn(message);
    if (undescribed > 0)
      this.#configLog.warn("Configuration error: more healthchecks rejected", { count: undescribed });
    if (rejections > 0) {
      this.#count("config", rejections);
      span.failed("config", `${rejections} healthchecks rejected`);
    }
    await handler.applyDesiredSet({ specs, rejected, rejections, inheritMs: INHERIT_MS });
    this.#setIdentity = identity;
    const before = this.#specs;
    const current = new Map(specs.map((spec) => [spec.id, spec]));
    this.#specs = current;
    const isNew = (spec: HealthcheckSpec) => before.get(spec.id) !== spec;
    this.#reports.retain((id) => {
      const spec = current.get(id);
      // The state of a new one may be that of the check that its id had before.
      return spec === undefined ? rejected.has(id) || rejected.has(undefined) : !isNew(spec);
    });
    if (!this.#isConnected) this.#returned(handler, entries.length);
    // New ids may have the states of others, which no state change will report.
    else if (specs.some(isNew)) handler.resync();
    const isFast = entries.length === 0 || performance.now() < this.#fastUntilMs;
    const { fetchIntervalMs } = this.#settings;
    return isFast ? Math.min(FAST_FETCH_MS, fetchIntervalMs) : fetchIntervalMs;
  }

  /** The engine has sent a set, for the first time or after it was away. If it has restarted it knows no state. */
  #returned(handler: ControlPlaneHandler, healthchecks: number): void {
    this.#connectionLog.info("Connected to the engine", { socket: this.#path, healthchecks });
    if (this.#hasFailed) this.#fastUntilMs = performance.now() + FAST_FETCHES_MS;
    this.#problem = undefined;
    this.#hasFailed = false;
    this.#isAway = false;
    clearInterval(this.#pollTimer);
    handler.resync();
    this.#reports.retryNow();
  }

  #fetchFailed(handler: ControlPlaneHandler, failure: EngineFailure, error: unknown, span: CallSpan): void {
    if (this.#stopping.signal.aborted) return;
    this.#failed("fetch", failure, error, span);
    const wasAway = this.#isAway;
    this.#problem = `the engine sends no set: ${failure.reason}`;
    this.#hasFailed = true;
    this.#isAway = failure.isAway;
    if (!failure.isAway || wasAway) return;
    // Nothing is delivered to a missing engine; it receives every state when it is back.
    handler.disconnected();
    clearInterval(this.#pollTimer);
    this.#pollTimer = setInterval(() => this.maintain(), SOCKET_POLL_MS);
  }

  #fetchIn(handler: ControlPlaneHandler, delayMs: number): void {
    if (this.#handler === undefined) return;
    clearTimeout(this.#fetchTimer);
    this.#fetchTimer = setTimeout(() => void this.#fetch(handler), delayMs);
  }

  /** Fetches, unless a fetch runs. */
  #fetchNow(handler: ControlPlaneHandler): void {
    if (this.#fetchTimer !== undefined) void this.#fetch(handler);
  }

  #reportFailed(error: unknown, span: CallSpan): EngineFailure {
    const failure = engineFailure(error);
    this.#failed("report", failure, error, span);
    return failure;
  }

  #failed(method: "fetch" | "report", failure: EngineFailure, error: unknown, span: CallSpan): void {
    const { type, reason } = failure;
    if (type === "internal") {
      this.#fault(error);
      span.failed("internal", "internal error");
      return;
    }
    this.#count(type);
    span.failed(type, reason);
    this.#failureLog.failed(method, failure, performance.now());
  }
}

/** The settings of the calls. */
interface EngineSettings extends ReportSettings {
  readonly fetchIntervalMs: number;
}

function engineSettings({ advanced, batching }: Config): EngineSettings {
  return {
    fetchIntervalMs: advanced.fetch_interval,
    retryDelayMs: advanced.retry_delay,
    maxBatch: batching.max_size,
  };
}
