/**
 * The engine as control plane: sets are fetched from the Seesaw engine, and states reported to it, as Google's health checker does
 * (docs/engine-protocol.md). The engine is waited for indefinitely, and while it is away the healthchecks run.
 */
import type { Config } from "../config/schema.ts";
import { RateLimiter } from "../logging/limiter.ts";
import type { Logger } from "../logging/logger.ts";
import { PacedLog } from "../logging/paced.ts";
import type { HealthcheckId } from "../model/id.ts";
import type { Notification } from "../model/status.ts";
import { Waiters } from "../model/waiters.ts";
import { checkReportReply, fetchCall, reportCall } from "../rpc/engine-calls.ts";
import { entriesOf } from "../rpc/engine-set.ts";
import type { GobValue } from "../rpc/gob-values.ts";
import type { RpcCall } from "../rpc/rpc-client.ts";
import { socketIdentity } from "../system/unix-socket.ts";
import type { ControlPlane, ControlPlaneContext, ControlPlaneHandler, CountFault } from "./control-plane.ts";
import { callEngine, EngineUnreachable } from "./engine-call.ts";
import { EngineConfigReader } from "./engine-configs.ts";
import { ReportQueue } from "./report-queue.ts";

/** Time for a whole call, as in Google's health checker; milliseconds. */
const CALL_TIMEOUT_MS = 10_000;
/** Interval of fetches while the set is empty, the engine is away, or has just been; milliseconds. */
const FAST_FETCH_MS = 1_000;
/** Time after the engine's return in which its set still grows: it configures itself once a minute. Milliseconds. */
const FAST_FETCHES_MS = 60_000;
/** Time in which a new id of an equal check continues the state of an old one; milliseconds. */
const INHERIT_MS = 120_000;
/** Minimum time between two warnings of a kind; milliseconds. */
const LOG_PERIOD_MS = 60_000;
const CONNECTION_BURST = 4;
const CONFIG_BURST = 100;

/** Makes a call; {@link callEngine}, or a test's own. */
export type EngineCaller = <Args>(
  path: string,
  call: RpcCall<Args>,
  timeoutMs: number,
  signal: AbortSignal,
) => Promise<GobValue>;

/** Fetches sets from the Seesaw engine and reports states to it, one call at a time. */
export class EngineControl implements ControlPlane {
  readonly #path: string;
  readonly #identity = `healthcheck [pid ${process.pid}]`;
  readonly #log: Logger;
  readonly #count: CountFault;
  readonly #call: EngineCaller;
  readonly #identityOf: (path: string) => string | undefined;
  readonly #reader: EngineConfigReader;
  readonly #limiter = new RateLimiter(LOG_PERIOD_MS);
  readonly #connectionLog: PacedLog;
  readonly #configLog: PacedLog;
  readonly #queue = new ReportQueue();
  readonly #stopped = new AbortController();
  readonly #drainWaiters = new Waiters();
  /** Ends the pause after a failed report. */
  readonly #retryWaiters = new Waiters();
  #settings: EngineSettings;
  #handler: ControlPlaneHandler | undefined;
  /** Reason why the last fetch failed; undefined after a good one. */
  #problem: string | undefined = "the engine has not sent a set yet";
  #hasFailed = false;
  #fastUntilMs = Number.NEGATIVE_INFINITY;
  #isReporting = false;
  #fetchTimer: ReturnType<typeof setTimeout> | undefined;
  /** Identity of the socket file at the last fetch. */
  #socketIdentity: string | undefined;
  #ids: ReadonlySet<HealthcheckId> = new Set();
  #lastCall: Promise<unknown> = Promise.resolve();

  /**
   * @param path - of the engine's Unix socket
   * @param call - makes a call, for tests
   * @param identityOf - returns the identity of a socket file, for tests
   */
  constructor(
    path: string,
    { config, log, count }: Pick<ControlPlaneContext, "config" | "log" | "count">,
    call: EngineCaller = callEngine,
    identityOf: (path: string) => string | undefined = socketIdentity,
  ) {
    this.#identityOf = identityOf;
    this.#path = path;
    this.#log = log;
    this.#count = count;
    this.#call = call;
    this.#settings = engineSettings(config);
    this.#reader = new EngineConfigReader(config.checks);
    this.#connectionLog = new PacedLog(log, CONNECTION_BURST);
    this.#configLog = new PacedLog(log, CONFIG_BURST);
  }

  get connected(): boolean {
    return this.#problem === undefined;
  }

  get depths() {
    return { inbound: 0, outbound: this.#queue.size };
  }

  readinessProblem(): string | undefined {
    return this.#problem;
  }

  /** Starts to fetch. Settles before the engine has answered: it may be started later. */
  async start(handler: ControlPlaneHandler): Promise<void> {
    this.#handler = handler;
    this.#log.info("Fetching healthchecks from the engine", { socket: this.#path });
    void this.#fetch(handler);
  }

  async reconfigure(config: Config): Promise<undefined> {
    this.#settings = engineSettings(config);
  }

  /** Fetches at once when the socket file has changed: the engine has restarted, perhaps between two fetches. */
  maintain(): void {
    if (this.#handler === undefined || !this.connected || this.#fetchTimer === undefined) return;
    if (this.#identityOf(this.#path) === this.#socketIdentity) return;
    clearTimeout(this.#fetchTimer);
    this.#problem = "the engine has restarted";
    this.#hasFailed = true;
    void this.#fetch(this.#handler);
  }

  /** Accepts everything: the newest state of each healthcheck is kept until the engine has accepted it. Unknown states are never reported. */
  deliver(batch: readonly Notification[]): number {
    for (const notification of batch)
      if (notification.status.state !== "unknown") this.#queue.put(notification);
    if (!this.#isReporting) void this.#report();
    return batch.length;
  }

  async stop(signal: AbortSignal): Promise<void> {
    clearTimeout(this.#fetchTimer);
    this.#handler = undefined;
    // Without an engine no time is lost at the end.
    if (this.connected && this.#queue.size > 0) await this.#drainWaiters.wait(signal);
    this.#stopped.abort();
    this.#retryWaiters.release();
    this.#connectionLog.flush();
    this.#configLog.flush();
  }

  async #fetch(handler: ControlPlaneHandler): Promise<void> {
    this.#fetchTimer = undefined;
    this.#socketIdentity = this.#identityOf(this.#path);
    try {
      const reply = await this.#exclusively(fetchCall(this.#identity));
      const size = await this.#apply(handler, reply);
      if (this.#handler !== undefined) this.#fetched(handler, size);
    } catch (error) {
      this.#failed("Cannot fetch healthchecks from the engine; the running ones continue", error);
      this.#problem = `the engine sends no set: ${reasonOf(error)}`;
      this.#hasFailed = true;
      this.#fetchIn(handler, FAST_FETCH_MS);
    }
  }

  /** Applies a set. @returns the number of its healthchecks */
  async #apply(handler: ControlPlaneHandler, reply: GobValue): Promise<number> {
    const { specs, rejected, rejections, messages } = await this.#reader.read(entriesOf(reply));
    if (this.#handler === undefined) return 0;
    for (const message of messages) this.#configLog.warn(message);
    if (rejections > 0) this.#count("config", rejections);
    await handler.applyDesiredSet({ specs, rejected, rejections, inheritMs: INHERIT_MS });
    const before = this.#ids;
    const ids = new Set(specs.map(({ id }) => id));
    this.#ids = ids;
    this.#queue.retain((id) => ids.has(id) || rejected.has(id) || rejected.has(undefined));
    // New ids may have the states of others, which no state change will report.
    if (this.connected && specs.some(({ id }) => !before.has(id))) handler.resync();
    return specs.length + rejections;
  }

  #fetched(handler: ControlPlaneHandler, size: number): void {
    const nowMs = performance.now();
    if (!this.connected) {
      this.#connectionLog.info("Connected to the engine", { socket: this.#path, healthchecks: size });
      if (this.#hasFailed) this.#fastUntilMs = nowMs + FAST_FETCHES_MS;
      this.#problem = undefined;
      this.#hasFailed = false;
      // An engine that has restarted knows no state.
      handler.resync();
      this.#retryWaiters.release();
    }
    const isFast = size === 0 || nowMs < this.#fastUntilMs;
    const { fetchIntervalMs } = this.#settings;
    this.#fetchIn(handler, isFast ? Math.min(FAST_FETCH_MS, fetchIntervalMs) : fetchIntervalMs);
  }

  #fetchIn(handler: ControlPlaneHandler, delayMs: number): void {
    if (this.#handler === undefined) return;
    this.#fetchTimer = setTimeout(() => void this.#fetch(handler), delayMs);
  }

  /** Reports what is queued, batch after batch; after a failure the same entries again, in their newest states. */
  async #report(): Promise<void> {
    this.#isReporting = true;
    while (this.#queue.size > 0 && !this.#stopped.signal.aborted) {
      try {
        const batch = this.#queue.first(this.#settings.maxBatch);
        checkReportReply(await this.#exclusively(reportCall(this.#identity, batch)));
        this.#queue.settle(batch);
      } catch (error) {
        this.#failed("Cannot report states to the engine; retrying", error);
        await this.#pause(this.#settings.retryDelayMs);
      }
    }
    this.#isReporting = false;
    this.#drainWaiters.release();
  }

  /** Waits, at most until the engine has sent a set or everything stops. */
  async #pause(delayMs: number): Promise<void> {
    const over = new AbortController();
    const timer = setTimeout(() => over.abort(), delayMs);
    await this.#retryWaiters.wait(AbortSignal.any([over.signal, this.#stopped.signal]));
    clearTimeout(timer);
  }

  /** Makes a call when the one before is over: the engine runs concurrent calls in any order. */
  async #exclusively<Args>(call: RpcCall<Args>): Promise<GobValue> {
    const before = this.#lastCall;
    const turn = Promise.withResolvers<void>();
    this.#lastCall = turn.promise;
    await before;
    try {
      return await this.#call(this.#path, call, CALL_TIMEOUT_MS, this.#stopped.signal);
    } finally {
      turn.resolve();
    }
  }

  #failed(message: string, error: unknown): void {
    if (this.#stopped.signal.aborted) return;
    this.#count(error instanceof EngineUnreachable ? "socket_io" : "parse");
    const heldBack = this.#limiter.admit(message, performance.now());
    if (heldBack === undefined) return;
    const fields = { socket: this.#path, error: reasonOf(error) };
    this.#log.warn(message, heldBack === 0 ? fields : { ...fields, held_back: heldBack });
  }
}

/** The settings of the calls. */
interface EngineSettings {
  readonly fetchIntervalMs: number;
  readonly retryDelayMs: number;
  readonly maxBatch: number;
}

function engineSettings({ advanced, batching }: Config): EngineSettings {
  return {
    fetchIntervalMs: advanced.fetch_interval,
    retryDelayMs: advanced.retry_delay,
    maxBatch: batching.max_size,
  };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
