/**
 * The proxy socket: the control plane that the Go proxy in front of the Seesaw engine connects to (protocol.md). One client
 * is served at a time, and the newest wins, so that a restarted proxy is never locked out by a half-dead one.
 */

import type { Config } from "../config/schema.ts";
import { RateLimiter } from "../logging/limiter.ts";
import type { Logger } from "../logging/logger.ts";
import { PacedLog } from "../logging/paced.ts";
import { describeError } from "../model/format-value.ts";
import type { Notification } from "../model/status.ts";
import { errorLine, packLine, READY_LINE } from "../protocol/codec.ts";
import { KeptSocket } from "../system/kept-socket.ts";
import {
  type ClientSocket,
  Connection,
  type ConnectionLimits,
  MAX_CLIENT_LINE_BYTES,
} from "./client-connection.ts";
import { ClientMessages } from "./client-messages.ts";
import type { TracingProvider } from "./client-tracing.ts";
import type {
  ControlPlane,
  ControlPlaneContext,
  ControlPlaneHandler,
  CountFault,
  Peer,
} from "./control-plane.ts";

/** Minimum time between two lines about a socket that was lost. */
const LOG_PERIOD_MS = 10_000;
/**
 * Burst of log lines about connecting and disconnecting clients; the limit is then one per second. A restarted proxy
 * causes two.
 */
const CONNECTION_BURST = 4;

/** Serves the Go proxy on a Unix socket. */
export class ProxySocketControl implements ControlPlane {
  readonly #path: string;
  readonly #log: Logger;
  readonly #count: CountFault;
  readonly #tracing: TracingProvider;
  readonly #messages: ClientMessages;
  readonly #connectionLog: PacedLog;
  readonly #socket: KeptSocket<Connection | undefined>;
  readonly #limiter = new RateLimiter(LOG_PERIOD_MS);
  #limits: ConnectionLimits;
  #handler: ControlPlaneHandler | undefined;
  #client: Connection | undefined;
  /** The client whose list is applied, and which therefore receives state changes. */
  #subscriber: Connection | undefined;

  constructor({ config, log, count, tracing }: ControlPlaneContext) {
    this.#tracing = tracing;
    this.#path = config.server.proxy_socket;
    this.#socket = new KeptSocket(this.#path, config.server.socket_mode, this.#connectionHandler());
    this.#limits = connectionLimits(config);
    this.#log = log;
    this.#connectionLog = new PacedLog(log, CONNECTION_BURST);
    this.#count = count;
    const clients = {
      handler: () => this.#handler,
      isDisplaced: (connection: Connection) => this.#isDisplaced(connection),
      onListApplied: (connection: Connection) => this.#subscribe(connection),
    };
    this.#messages = new ClientMessages(config.checks, log, count, clients, tracing);
  }

  async start(handler: ControlPlaneHandler): Promise<void> {
    this.#handler = handler;
    this.#socket.open();
    this.#log.info("Listening for the proxy", { socket: this.#path });
  }

  get peer(): Peer {
    return { name: "proxy", connected: this.#client !== undefined };
  }

  get depths() {
    const { inbound = 0, outbound = 0 } = this.#client?.depths ?? {};
    return { config_update: inbound, proxy_message: outbound };
  }

  readinessProblem(): string | undefined {
    if (!this.#socket.isOpen) return "the proxy socket is not open";
    return this.#socket.isInPlace
      ? undefined
      : "the proxy socket is missing or was replaced by another process";
  }

  async reconfigure(config: Config): Promise<undefined> {
    this.#limits = connectionLimits(config);
    this.#client?.reconfigure(this.#limits);
  }

  /**
   * Opens the socket again if it is missing: clients find the server by its path only. A file of another process in its place is left
   * alone and logged, and the socket is opened when that file is gone.
   */
  maintain(): void {
    if (!this.#socket.isOpen) return;
    const kept = this.#socket.keep();
    if (kept.outcome === "opened" && this.#limiter.admit("socket gone", performance.now()) !== undefined)
      this.#log.warn("Proxy socket lost, listening again", { socket: this.#path });
    if (kept.outcome !== "failed" || !kept.isNew) return;
    this.#count("socket_io");
    const fields = { socket: this.#path, error: kept.error };
    this.#log.error("Proxy socket lost, clients cannot connect; retrying", fields);
  }

  deliver(batch: readonly Notification[]): number {
    const client = this.#subscriber;
    if (client === undefined || !client.drained) return 0;
    const { line, count } = packLine("notification_batch", batch);
    client.send(line);
    return count;
  }

  async stop(signal: AbortSignal): Promise<void> {
    // While it waits, another client may connect.
    while (this.#client?.drained === false && !signal.aborted) await this.#client.waitDrained(signal);
    this.#socket.close(false);
    this.#client?.close();
    this.#connectionLog.flush();
  }

  #connectionHandler(): Bun.SocketHandler<Connection | undefined> {
    return {
      open: (socket) => this.#accept(socket),
      data: (socket, bytes) => socket.data?.handleData(bytes),
      drain: (socket) => socket.data?.handleDrain(),
      close: (socket, error) => socket.data?.handleClose(error),
      error: (_socket, error) => {
        this.#count("socket_io");
        this.#log.error("Proxy task error", { error: describeError(error) });
      },
    };
  }

  #accept(socket: ClientSocket): void {
    const connection = new Connection(socket, this.#limits, {
      line: (line) => this.#messages.line(connection, line),
      overflow: () => this.#reject(connection, `a line is longer than ${MAX_CLIENT_LINE_BYTES} bytes`),
      drained: () => {
        if (connection === this.#subscriber) this.#handler?.writable();
      },
      paused: (direction) => {
        this.#count("channel");
        this.#log.debug("Client reads paused (backpressure)", { direction });
      },
      closed: (error) => this.#closed(connection, error),
    });
    socket.data = connection;
    this.#tracing().connected(connection, () => this.#greet(connection));
  }

  #greet(connection: Connection): void {
    const previous = this.#client;
    this.#client = connection;
    if (previous !== undefined) {
      this.#connectionLog.warn("New client connected, closing the previous one");
      previous.close(errorLine("replaced by a newer client connection"));
    }
    this.#connectionLog.info("Go proxy connected", { socket: this.#path });
    connection.send(READY_LINE);
  }

  #closed(connection: Connection, error: Error | undefined): void {
    if (this.#subscriber === connection) {
      this.#subscriber = undefined;
      this.#handler?.disconnected();
    }
    if (this.#client !== connection) return;
    this.#client = undefined;
    if (error !== undefined) this.#count("socket_io");
    this.#connectionLog.info("Go proxy disconnected", error === undefined ? {} : { error: error.message });
  }

  /** Sends state changes to a client from here on: its list is applied. */
  #subscribe(connection: Connection): void {
    if (connection !== this.#client || connection === this.#subscriber) return;
    this.#subscriber = connection;
    this.#handler?.resync();
  }

  /** Returns true if a newer client has replaced this one, whose messages then have no effect. Those of a client that left have. */
  #isDisplaced(connection: Connection): boolean {
    return this.#client !== undefined && this.#client !== connection;
  }

  #reject(connection: Connection, message: string): void {
    void this.#tracing().received(connection, MAX_CLIENT_LINE_BYTES, async (notes) => {
      notes.failed("parse", message);
      this.#count("parse");
      this.#messages.rejected(message);
      connection.close(errorLine(message));
    });
  }
}

function connectionLimits({ channels }: Config): ConnectionLimits {
  return { inbound: channels.config_update, outbound: channels.proxy_message };
}
