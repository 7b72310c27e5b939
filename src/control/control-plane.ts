/**
 * The port between the daemon and the source of its healthchecks: desired sets come in, batches of notifications go out. Implemented
 * by the proxy socket, the engine and the standalone checks file; `create.ts` chooses.
 *
 * Guarantees. Sets are reliable and in order: each is complete, and the next one waits until it has been applied. Batches
 * are best effort: a batch that was delivered may be lost with the client, and `resync` requests every state again.
 */
import type { Config } from "../config/schema.ts";
import type { Logger } from "../logging/logger.ts";
import type { DesiredSet } from "../manager/diff.ts";
import type { ControlChannel, EngineMethod, PeerName } from "../model/peer.ts";
import type { Notification } from "../model/status.ts";
import type { TracingProvider } from "./client-tracing.ts";
import type { EngineTracingProvider } from "./engine-tracing.ts";

/** Receives the commands of a control plane. */
export interface ControlPlaneHandler {
  /** Applies a complete desired set; settles when its healthchecks run. */
  applyDesiredSet(set: DesiredSet): Promise<void>;
  /** Sends every known state to a new client, which from here on receives every state change. */
  resync(): void;
  /** Called when the client has read everything; delivery continues. */
  writable(): void;
  /** Stops delivering until the next resync: the client has disconnected. */
  disconnected(): void;
  /** Returns every monitor's status, `unknown` ones included, for a client that requested them. */
  statuses(): Iterable<Notification>;
  /** Stops the process, as the client requested. */
  shutdown(): void;
}

/** Kinds of errors at a control plane: an invalid message, the socket, a full queue, a healthcheck's configuration. */
export const CONTROL_ERRORS = ["parse", "socket_io", "channel", "config"] as const;
/** Error type of {@link CONTROL_ERRORS}. */
export type ControlError = (typeof CONTROL_ERRORS)[number];

/** Counts errors, which the caller has logged. */
export type CountFault = (fault: ControlError, count?: number) => void;

/** The program at the other end of a control plane. */
export interface Peer {
  readonly name: PeerName;
  /** True while a client of the proxy socket is connected, or when the engine has sent a set at the last request. */
  readonly connected: boolean;
}

/** Receives the end of each call to the engine. */
export type OnEngineCall = (method: EngineMethod, durationMs: number, isGood: boolean) => void;

/** Source of the desired sets and receiver of the notifications. */
export interface ControlPlane {
  /** Returns why the control plane cannot serve now; undefined if it can. */
  readinessProblem(): string | undefined;
  /** Undefined for a file. */
  readonly peer: Peer | undefined;
  /** Number of entries in each queue. */
  readonly depths: Readonly<Partial<Record<ControlChannel, number>>>;
  /**
   * Starts to serve.
   *
   * @throws Error if it cannot: another server owns the socket, the file cannot be read
   */
  start(handler: ControlPlaneHandler): Promise<void>;
  /**
   * Applies the settings that can change at run time, and reads again what is read from files.
   *
   * @returns the error of a file that was rejected, in which case its former contents stay in effect; undefined otherwise
   */
  reconfigure(config: Config): Promise<string | undefined>;
  /** Keeps the control plane reachable; called every `manager.monitor_interval`. */
  maintain(): void;
  /**
   * Delivers notifications, in order, as many of them as one message holds.
   *
   * @returns number of notifications that were accepted; 0 if there is no room, and then `writable` follows
   */
  deliver(batch: readonly Notification[]): number;
  /**
   * Waits until delivered notifications are written or the signal aborts, then closes. Harmless before a start and after a failed one.
   */
  stop(signal: AbortSignal): Promise<void>;
}

/** Everything that a control plane may need of the daemon. */
export interface ControlPlaneContext {
  readonly config: Config;
  /** Standalone mode: path of the checks file. Undefined if clients of the proxy socket send the healthchecks. */
  readonly checksFile: string | undefined;
  readonly log: Logger;
  readonly count: CountFault;
  /** Logs and counts an unexpected exception. */
  readonly fault: (error: unknown) => void;
  readonly engineCalled: OnEngineCall;
  readonly tracing: TracingProvider;
  readonly engineTracing: EngineTracingProvider;
}
