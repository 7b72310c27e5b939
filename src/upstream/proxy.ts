/**
 * The proxy socket: the upstream that the Go proxy in front of the Seesaw engine connects to (protocol.md). One client
 * is served at a time, and the newest wins, so that a restarted proxy is never locked out by a half-dead one.
 */
import { chmodSync, lstatSync } from "node:fs";
import { RateLimiter } from "../logging/limiter.ts";
import type { Logger } from "../logging/logger.ts";
import type { Notification } from "../model/status.ts";
import { errorLine, packLine, READY_LINE } from "../protocol/codec.ts";
import { ConfigReader, MessageError, type ReadConfigs, readMessage } from "../protocol/messages.ts";
import { clearSocketPath } from "../system/unix-socket.ts";
import { type ClientSocket, Connection, type ConnectionLimits, MAX_CLIENT_LINE_BYTES } from "./connection.ts";
import type { Upstream, UpstreamEvents } from "./upstream.ts";

/** After so many refused configs of one message the rest is told as a number. */
const MOST_REFUSALS_TOLD = 100;
const DRAIN_LOOK_MS = 5;
/** What happens with every look after the socket is logged so often. */
const LOG_PERIOD_MS = 10_000;

/** Where and how the socket is served. */
export interface ProxySettings {
  readonly path: string;
  /** File mode of the socket. */
  readonly mode: number;
}

/** Who hears of what is worth counting. */
export interface ProxyObserver {
  /** A bound was reached: reading waits. */
  congested(direction: "inbound" | "outbound"): void;
}

/** See the head of the file. */
export class ProxyUpstream implements Upstream {
  readonly #settings: ProxySettings;
  readonly #log: Logger;
  readonly #observer: ProxyObserver;
  readonly #reader = new ConfigReader();
  readonly #limiter = new RateLimiter(LOG_PERIOD_MS);
  #updating: Promise<unknown> = Promise.resolve();
  #limits: ConnectionLimits;
  #events: UpstreamEvents | undefined;
  #listener: Bun.UnixSocketListener<Connection | undefined> | undefined;
  #socketInode: number | undefined;
  #client: Connection | undefined;
  /** The client that has sent its list, and so may be told of changes. */
  #listening: Connection | undefined;

  constructor(settings: ProxySettings, limits: ConnectionLimits, log: Logger, observer: ProxyObserver) {
    this.#settings = settings;
    this.#limits = limits;
    this.#log = log;
    this.#observer = observer;
  }

  async start(events: UpstreamEvents): Promise<void> {
    this.#events = events;
    this.#listen();
    this.#log.info("Listening for the proxy", { socket: this.#settings.path });
  }

  /** Takes over new bounds. */
  configure(limits: ConnectionLimits): void {
    this.#limits = limits;
    this.#client?.configure(limits);
  }

  /** Housekeeping: when somebody has removed the socket's file, nobody can connect any more, so it is made again. */
  lookAfterSocket(): void {
    if (this.#listener === undefined || this.#inode() !== undefined) return;
    const said = this.#limiter.admit("socket gone", performance.now()) !== undefined;
    if (said) this.#log.warn("The proxy socket is gone, listening again", { socket: this.#settings.path });
    try {
      // Its connections go on; the path that it removes is gone already.
      this.#listener.stop();
      this.#listen();
    } catch (error) {
      if (said) this.#log.error("Proxy task error", { socket: this.#settings.path, error: String(error) });
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
    if (this.#inode() === this.#socketInode) this.#listener?.stop();
    this.#listener = undefined;
    this.#client?.close();
  }

  #listen(): void {
    const { path, mode } = this.#settings;
    clearSocketPath(path);
    this.#listener = Bun.listen<Connection | undefined>({
      unix: path,
      socket: {
        open: (socket) => this.#accept(socket),
        data: (socket, bytes) => socket.data?.handleData(bytes),
        drain: (socket) => socket.data?.handleDrain(),
        close: (socket, error) => socket.data?.handleClose(error),
        error: (_socket, error) =>
          this.#log.error("Proxy task error", { error: error.stack ?? error.message }),
      },
    });
    chmodSync(path, mode);
    this.#socketInode = this.#inode();
  }

  /** What is at the path now: nothing, or an inode; ours when it cannot be told. */
  #inode(): number | undefined {
    try {
      return lstatSync(this.#settings.path, { throwIfNoEntry: false })?.ino;
    } catch {
      return this.#socketInode;
    }
  }

  #accept(socket: ClientSocket): void {
    const connection = new Connection(socket, this.#limits, {
      line: (line) => this.#line(connection, line),
      overflow: () => this.#refuse(connection, `a line is longer than ${MAX_CLIENT_LINE_BYTES} bytes`),
      drained: () => {
        if (connection === this.#listening) this.#events?.writable();
      },
      paused: (direction) => this.#observer.congested(direction),
      closed: (error) => this.#closed(connection, error),
    });
    socket.data = connection;
    const former = this.#client;
    this.#client = connection;
    if (former !== undefined) {
      this.#log.warn("A newer client takes the place of the connected one");
      former.close(errorLine("another client has connected and takes your place"));
    }
    this.#log.info("Proxy connected", { socket: this.#settings.path });
    connection.send(READY_LINE);
  }

  #closed(connection: Connection, error: Error | undefined): void {
    if (this.#listening === connection) {
      this.#listening = undefined;
      this.#events?.disconnected();
    }
    if (this.#client !== connection) return;
    this.#client = undefined;
    this.#log.info("Proxy disconnected", error === undefined ? {} : { error: error.message });
  }

  async #line(connection: Connection, line: Uint8Array): Promise<void> {
    try {
      const message = readMessage(line);
      switch (message.type) {
        case "update_configs":
          return await this.#update(connection, message.configs);
        case "request_status":
          return await this.#respond(connection);
        case "shutdown":
          this.#log.info("Shutdown requested by the proxy");
          return this.#events?.shutdown();
      }
    } catch (error) {
      if (error instanceof MessageError) {
        this.#log.warn("Message refused", { error: error.message });
        connection.send(errorLine(error.message));
      } else {
        this.#log.error("Proxy task error", { error: error instanceof Error ? error.stack : String(error) });
        connection.send(errorLine("internal error, see the log"));
      }
    }
  }

  /** One list at a time, also when a newer client sends its own while an older one's is being read. */
  async #update(connection: Connection, configs: readonly string[]): Promise<void> {
    const before = this.#updating;
    const turn = Promise.withResolvers<void>();
    this.#updating = turn.promise;
    await before;
    try {
      await this.#takeIn(connection, configs);
    } finally {
      turn.resolve();
    }
  }

  async #takeIn(connection: Connection, configs: readonly string[]): Promise<void> {
    if (this.#isDisplaced(connection)) return;
    const read = await this.#reader.read(configs);
    if (this.#isDisplaced(connection)) return;
    this.#tellRefusals(connection, read);
    const refused = new Set(read.refusals.flatMap(({ id }) => (id === undefined ? [] : [id])));
    await this.#events?.desired({ specs: read.specs, refused });
    // The client may have gone, or been displaced, while its list was taken in.
    if (connection !== this.#client || connection === this.#listening) return;
    this.#listening = connection;
    this.#events?.resync();
  }

  /** Whether a newer client has come: then what this one wanted is of no interest any more. One that left still counts. */
  #isDisplaced(connection: Connection): boolean {
    return this.#client !== undefined && this.#client !== connection;
  }

  #tellRefusals(connection: Connection, { refusals, repeated }: ReadConfigs): void {
    for (const id of repeated) this.#log.warn("Healthcheck twice in one update, the last one counts", { id });
    if (refusals.length === 0) return;
    for (const { message, known } of refusals) {
      // It is sent again every 15 s; said once is enough for the log.
      if (!known) this.#log.warn("Configuration error: healthcheck refused", { error: message });
    }
    const lines = refusals.slice(0, MOST_REFUSALS_TOLD).map(({ message }) => errorLine(message));
    const rest = refusals.length - lines.length;
    if (rest > 0) lines.push(errorLine(`${rest} more healthchecks refused, see the log`));
    connection.send(lines.join(""));
  }

  async #respond(connection: Connection): Promise<void> {
    const statuses = [...(this.#events?.statuses() ?? [])];
    do {
      const { line, count } = packLine("status_response", statuses);
      connection.send(line);
      statuses.splice(0, count);
      // Ten thousand statuses are many lines: others have their turn in between.
      await new Promise((resolve) => setImmediate(resolve));
    } while (statuses.length > 0);
  }

  #refuse(connection: Connection, message: string): void {
    this.#log.warn("Message refused", { error: message });
    connection.close(errorLine(message));
  }
}
