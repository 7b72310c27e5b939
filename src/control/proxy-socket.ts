/**
 * The proxy socket: the control plane that the Go proxy in front of the Seesaw engine connects to (protocol.md). One client
 * is served at a time, and the newest wins, so that a restarted proxy is never locked out by a half-dead one.
 */

import { RateLimiter } from "../logging/limiter.ts";
import type { Logger } from "../logging/logger.ts";
import { PacedLog } from "../logging/paced.ts";
import type { CheckDefaults } from "../model/check-defaults.ts";
import { describeError } from "../model/format-value.ts";
import type { Notification } from "../model/status.ts";
import { errorLine, packLine, READY_LINE } from "../protocol/codec.ts";
import { withSocketMode } from "../system/socket-mode.ts";
import { clearSocketPath, naming, socketIdentity } from "../system/unix-socket.ts";
import {
  type ClientSocket,
  Connection,
  type ConnectionLimits,
  MAX_CLIENT_LINE_BYTES,
} from "./client-connection.ts";
import { ClientMessages } from "./client-messages.ts";
import type { TracingProvider } from "./client-tracing.ts";
import type { ControlPlane, ControlPlaneHandler, CountFault, QueueDepths } from "./control-plane.ts";

const DRAIN_LOOK_MS = 5;
/** What happens with every look after the socket is logged so often. */
const LOG_PERIOD_MS = 10_000;
/** Lines about clients that come and go at once; after them one a second is written. A restarted proxy causes two. */
const CONNECTION_BURST = 4;

/** Where and how the socket is served. */
export interface ProxySettings {
  readonly path: string;
  /** File mode of the socket. */
  readonly mode: number;
  /** For what the client's configs leave open. */
  readonly checks: CheckDefaults;
}

/** See the head of the file. */
export class ProxySocketControl implements ControlPlane {
  readonly #settings: ProxySettings;
  readonly #log: Logger;
  readonly #count: CountFault;
  readonly #tracing: TracingProvider;
  readonly #messages: ClientMessages;
  readonly #connectionLog: PacedLog;
  readonly #limiter = new RateLimiter(LOG_PERIOD_MS);
  #limits: ConnectionLimits;
  #events: ControlPlaneHandler | undefined;
  #listener: Bun.UnixSocketListener<Connection | undefined> | undefined;
  #socketIdentity: string | undefined;
  /** Why the socket cannot be made again; said once. */
  #saidTrouble = "";
  #client: Connection | undefined;
  /** The client that has sent its list, and so may be told of changes. */
  #listening: Connection | undefined;

  /** @param tracing - whoever follows what clients do */
  constructor(
    settings: ProxySettings,
    limits: ConnectionLimits,
    log: Logger,
    count: CountFault,
    tracing: TracingProvider,
  ) {
    this.#tracing = tracing;
    this.#settings = settings;
    this.#limits = limits;
    this.#log = log;
    this.#connectionLog = new PacedLog(log, CONNECTION_BURST);
    this.#count = count;
    const clients = {
      events: () => this.#events,
      isDisplaced: (connection: Connection) => this.#isDisplaced(connection),
      listed: (connection: Connection) => this.#listed(connection),
    };
    this.#messages = new ClientMessages(settings.checks, log, count, clients, tracing);
  }

  async start(events: ControlPlaneHandler): Promise<void> {
    this.#events = events;
    this.#listen();
    this.#log.info("Listening for the proxy", { socket: this.#settings.path });
  }

  get connected(): boolean {
    return this.#client !== undefined;
  }

  get depths(): QueueDepths {
    return this.#client?.depths ?? { inbound: 0, outbound: 0 };
  }

  readinessProblem(): string | undefined {
    if (this.#listener === undefined) return "the proxy socket is not open";
    return this.#isInPlace() ? undefined : "the proxy socket's file is gone or another's";
  }

  /** Takes over new bounds. */
  configure(limits: ConnectionLimits): void {
    this.#limits = limits;
    this.#client?.configure(limits);
  }

  /**
   * Housekeeping: clients find us by the path only. When the socket is there no more it is made again; what somebody else has put in
   * its place is left alone, told, and waited for until it is gone.
   */
  ensureSocket(): void {
    if (this.#listener === undefined || this.#isInPlace()) return;
    const { path } = this.#settings;
    try {
      clearSocketPath(path);
      // Its connections go on. It removes whatever is at the path, and that is nothing by now.
      this.#listener.stop();
      this.#listen();
      this.#saidTrouble = "";
      if (this.#limiter.admit("socket gone", performance.now()) !== undefined)
        this.#log.warn("The proxy socket is gone, listening again", { socket: path });
    } catch (error) {
      const trouble = error instanceof Error ? error.message : String(error);
      if (trouble === this.#saidTrouble) return;
      this.#saidTrouble = trouble;
      this.#count("socket_io");
      this.#log.error("The proxy socket is gone, no client can connect; trying again", {
        socket: path,
        error: trouble,
      });
    }
  }

  deliver(batch: readonly Notification[]): number {
    const client = this.#listening;
    if (client === undefined || !client.drained) return 0;
    const { line, count } = packLine("notification_batch", batch);
    client.send(line);
    return count;
  }

  async stop(withinMs: number): Promise<void> {
    const endMs = performance.now() + withinMs;
    while (this.#client !== undefined && !this.#client.drained && performance.now() < endMs) {
      await Bun.sleep(DRAIN_LOOK_MS);
    }
    // Stopping removes whatever is at the path, which may be somebody else's by now.
    if (this.#isInPlace()) this.#listener?.stop();
    this.#listener = undefined;
    this.#client?.close();
    this.#connectionLog.flush();
  }

  #listen(): void {
    const { path, mode } = this.#settings;
    clearSocketPath(path);
    const socket: Bun.SocketHandler<Connection | undefined> = {
      open: (socket) => this.#accept(socket),
      data: (socket, bytes) => socket.data?.handleData(bytes),
      drain: (socket) => socket.data?.handleDrain(),
      close: (socket, error) => socket.data?.handleClose(error),
      error: (_socket, error) => {
        this.#count("socket_io");
        this.#log.error("Proxy task error", { error: describeError(error) });
      },
    };
    withSocketMode(path, mode, () => {
      this.#listener = naming(`listen on ${path}`, () =>
        Bun.listen<Connection | undefined>({ unix: path, socket }),
      );
      // Also when the mode cannot be set: it serves, and must not be taken for another's.
      this.#socketIdentity = socketIdentity(path);
    });
  }

  /** Whether what is at the path now is our socket. */
  #isInPlace(): boolean {
    return this.#socketIdentity !== undefined && socketIdentity(this.#settings.path) === this.#socketIdentity;
  }

  #accept(socket: ClientSocket): void {
    const connection = new Connection(socket, this.#limits, {
      line: (line) => this.#messages.line(connection, line),
      overflow: () => this.#refuse(connection, `a line is longer than ${MAX_CLIENT_LINE_BYTES} bytes`),
      drained: () => {
        if (connection === this.#listening) this.#events?.writable();
      },
      paused: (direction) => {
        this.#count("channel");
        this.#log.debug("Reading from the client waits", { direction });
      },
      closed: (error) => this.#closed(connection, error),
    });
    socket.data = connection;
    this.#tracing().connected(connection, () => this.#greet(connection));
  }

  #greet(connection: Connection): void {
    const former = this.#client;
    this.#client = connection;
    if (former !== undefined) {
      this.#connectionLog.warn("A newer client takes the place of the connected one");
      former.close(errorLine("another client has connected and takes your place"));
    }
    this.#connectionLog.info("Go proxy connected", { socket: this.#settings.path });
    connection.send(READY_LINE);
  }

  #closed(connection: Connection, error: Error | undefined): void {
    if (this.#listening === connection) {
      this.#listening = undefined;
      this.#events?.disconnected();
    }
    if (this.#client !== connection) return;
    this.#client = undefined;
    if (error !== undefined) this.#count("socket_io");
    this.#connectionLog.info("Go proxy disconnected", error === undefined ? {} : { error: error.message });
  }

  /** The client's list is the running one: from here on it may be told of changes. */
  #listed(connection: Connection): void {
    if (connection !== this.#client || connection === this.#listening) return;
    this.#listening = connection;
    this.#events?.resync();
  }

  /** Whether a newer client has come: then what this one wanted is of no interest any more. One that left still counts. */
  #isDisplaced(connection: Connection): boolean {
    return this.#client !== undefined && this.#client !== connection;
  }

  #refuse(connection: Connection, message: string): void {
    void this.#tracing().received(connection, MAX_CLIENT_LINE_BYTES, async (notes) => {
      notes.failed("parse", message);
      this.#count("parse");
      this.#messages.refused(message);
      connection.close(errorLine(message));
    });
  }
}
