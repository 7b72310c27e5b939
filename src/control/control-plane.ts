/**
 * The port between the healthchecks and whoever wants them checked: desired sets come in, batches of notifications go out.
 * Implemented by the proxy socket and by the standalone checks file.
 *
 * Guarantees. Sets are reliable and in order: each is handed over complete, and the next waits until it has been taken. Batches
 * are best effort: what was delivered may be lost with the client, and everything is asked for again with `resync`.
 */
import type { DesiredSet } from "../manager/diff.ts";
import type { Notification } from "../model/status.ts";

/** The commands of a control plane. */
export interface ControlPlaneHandler {
  /** A complete desired set; settles when it is the running one. */
  desired(set: DesiredSet): Promise<void>;
  /** A client that knows nothing wants everything known; from here on it may be delivered to. */
  resync(): void;
  /** Everything delivered so far has been taken; more may be delivered. */
  writable(): void;
  /** The client is gone; nothing is delivered until the next resync. */
  disconnected(): void;
  /** Every monitor's status, for a client that asked. */
  statuses(): Iterable<Notification>;
  /** The client wants the process to end. */
  shutdown(): void;
}

/** What can go wrong at a control plane's edge: a message, the socket, a queue that is full, a healthcheck's configuration. */
export const CONTROL_ERRORS = ["parse", "socket_io", "channel", "config"] as const;
/** One of {@link CONTROL_ERRORS}. */
export type ControlError = (typeof CONTROL_ERRORS)[number];

/** Counts what goes wrong; each has been logged where it happened. */
export type CountFault = (fault: ControlError, count?: number) => void;

/** How much waits in the queues between a control plane and its client. */
export interface QueueDepths {
  /** Messages received and not handled. */
  readonly inbound: number;
  /** Lines not written. */
  readonly outbound: number;
}

/** See the head of the file. */
export interface ControlPlane {
  /** Why it does not serve now; undefined when it does. */
  readinessProblem(): string | undefined;
  /** Whether a client is connected; undefined where there is none to be. */
  readonly connected: boolean | undefined;
  readonly depths: QueueDepths;
  /**
   * Begins to serve.
   *
   * @throws Error when it cannot: the socket is another server's, the file cannot be read
   */
  start(events: ControlPlaneHandler): Promise<void>;
  /**
   * Delivers notifications, in order, as many of them as one message holds.
   *
   * @returns how many were taken; 0 when there is no room, and then `writable` follows when there is
   */
  deliver(batch: readonly Notification[]): number;
  /**
   * Waits until what was delivered is written, then closes.
   *
   * @param withinMs - how long it may wait
   */
  stop(withinMs: number): Promise<void>;
}
