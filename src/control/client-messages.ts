/** Handles the messages of clients on the proxy socket (protocol.md): healthcheck lists, status requests, invalid lines. */

import type { Logger } from "../logging/logger.ts";
import { PacedLog } from "../logging/paced.ts";
import type { CheckDefaults } from "../model/check-defaults.ts";
import { describeError } from "../model/format-value.ts";
import type { HealthcheckId } from "../model/id.ts";
import { errorLine, packLine } from "../protocol/codec.ts";
import type { Element } from "../protocol/config-splitter.ts";
import type { Line } from "../protocol/lines.ts";
import { MessageError } from "../protocol/message-error.ts";
import {
  ConfigReader,
  MAX_REJECTIONS_DESCRIBED,
  type ReadConfigs,
  readMessage,
} from "../protocol/messages.ts";
import type { Connection } from "./client-connection.ts";
import type { MessageSpan, TracingProvider } from "./client-tracing.ts";
import type { ControlPlaneHandler, CountFault } from "./control-plane.ts";
import { ListLog } from "./list-log.ts";

/** Burst of log lines of a kind that a client may cause; the limit is then one per second. */
const BURST = { messages: 10, lists: 20, configs: MAX_REJECTIONS_DESCRIBED };

/** Maximum number of consecutive invalid lines; the Go proxy sends none. */
const MAX_INVALID_LINES = 1_000;

/** Access to the control plane that the clients belong to. */
export interface ClientContext {
  /** Returns the handler of commands; undefined before the start. */
  handler(): ControlPlaneHandler | undefined;
  /** Returns true if a newer client has replaced this one. */
  isDisplaced(connection: Connection): boolean;
  /** Receives that the client's list is applied. */
  onListApplied(connection: Connection): void;
}

/** Handles the messages of all clients; lists are applied one at a time. */
export class ClientMessages {
  readonly #log: Logger;
  readonly #count: CountFault;
  readonly #clients: ClientContext;
  /** Invalid lines of each connection since its last valid message. */
  readonly #invalidLines = new WeakMap<Connection, number>();
  readonly #tracing: TracingProvider;
  readonly #reader: ConfigReader;
  readonly #messageLog: PacedLog;
  readonly #configLog: PacedLog;
  readonly #listLog: ListLog;
  /** The client that was last sent the errors of its list. */
  #informed: Connection | undefined;
  #repeated: ReadonlySet<HealthcheckId> = new Set();
  #updating: Promise<unknown> = Promise.resolve();

  /** @param defaults - for fields that the client's configs leave out */
  constructor(
    defaults: CheckDefaults,
    log: Logger,
    count: CountFault,
    clients: ClientContext,
    tracing: TracingProvider,
  ) {
    this.#reader = new ConfigReader(defaults);
    this.#tracing = tracing;
    this.#log = log;
    this.#count = count;
    this.#clients = clients;
    this.#messageLog = new PacedLog(log, BURST.messages);
    this.#configLog = new PacedLog(log, BURST.configs);
    this.#listLog = new ListLog(new PacedLog(log, BURST.lists));
  }

  /** Handles one line; an invalid one is answered with an `error` line. */
  async line(connection: Connection, line: Line): Promise<void> {
    await this.#tracing().received(connection, line.byteLength, (span) =>
      this.#handle(connection, line, span),
    );
  }

  /** Logs an invalid message. @param error - the reason, without secrets */
  rejected(error: string): void {
    this.#messageLog.warn("Message rejected", { error });
  }

  async #handle(connection: Connection, line: Line, span: MessageSpan): Promise<void> {
    try {
      const message = await readMessage(line);
      this.#invalidLines.delete(connection);
      span.setType(message.type);
      switch (message.type) {
        case "update_configs":
          return await this.#update(connection, message.configs, span);
        case "request_status":
          return await this.#respond(connection);
        case "shutdown":
          this.#log.info("Received shutdown request from proxy");
          return this.#clients.handler()?.shutdown();
      }
    } catch (error) {
      this.#count("parse");
      if (error instanceof MessageError) {
        span.failed("parse", error.message);
        this.rejected(error.message);
        this.#answerInvalid(connection, error.message);
      } else {
        span.failed("internal", "internal error");
        this.#log.error("Proxy task error", { error: describeError(error) });
        connection.send(errorLine("internal error, see the log"));
      }
    }
  }

  /** Answers an invalid line. A client that sends only invalid lines is disconnected, so that it does not keep the server busy. */
  #answerInvalid(connection: Connection, problem: string): void {
    const count = (this.#invalidLines.get(connection) ?? 0) + 1;
    this.#invalidLines.set(connection, count);
    if (count < MAX_INVALID_LINES) {
      connection.send(errorLine(problem));
      return;
    }
    const reason = `${count} consecutive invalid lines`;
    this.#log.warn("Closing the client connection", { reason });
    connection.close(errorLine(`${problem}; ${reason}, the connection is closed`));
  }

  /** Applies one list at a time, also if a newer client sends its list while that of an older one is being read. */
  async #update(connection: Connection, configs: Iterable<Element>, span: MessageSpan): Promise<void> {
    const before = this.#updating;
    const turn = Promise.withResolvers<void>();
    this.#updating = turn.promise;
    await before;
    try {
      await this.#apply(connection, configs, span);
    } finally {
      turn.resolve();
    }
  }

  async #apply(connection: Connection, configs: Iterable<Element>, span: MessageSpan): Promise<void> {
    if (this.#clients.isDisplaced(connection)) return;
    const read = await this.#reader.read(configs);
    if (this.#clients.isDisplaced(connection)) return;
    this.#reportRejections(connection, read);
    const { specs, rejected: rejections, rejectedIds: rejected } = read;
    if (rejections > 0) span.failed("config", `${rejections} healthchecks rejected`);
    this.#listLog.received(read);
    await this.#clients.handler()?.applyDesiredSet({ specs, rejected, rejections });
    this.#clients.onListApplied(connection);
  }

  /** Reports the errors of a list: counts all of them each time, logs and sends the new ones; the list arrives every 15 s. */
  #reportRejections(connection: Connection, { rejections, rejected, repeated, warnings }: ReadConfigs): void {
    for (const warning of warnings)
      this.#configLog.warn("Configuration warning: value adjusted", { warning });
    for (const id of repeated) {
      if (!this.#repeated.has(id))
        this.#configLog.warn("Duplicate healthcheck id in update, using the last one", { id });
    }
    this.#repeated = repeated;
    if (rejected > 0) this.#count("config", rejected);
    const fresh = rejections.filter(({ known }) => !known);
    for (const { message } of fresh)
      this.#configLog.warn("Configuration error: healthcheck rejected", { error: message });
    const rest = rejected - rejections.length;
    if (rest > 0 && fresh.length > 0)
      this.#configLog.warn("Configuration error: more healthchecks rejected", { count: rest });
    const unsent = connection === this.#informed ? fresh : rejections;
    this.#informed = connection;
    const lines = unsent.map(({ message }) => errorLine(message));
    if (rest > 0 && lines.length > 0) lines.push(errorLine(`${rest} more healthchecks rejected`));
    if (lines.length > 0) connection.send(lines.join(""));
  }

  async #respond(connection: Connection): Promise<void> {
    const statuses = [...(this.#clients.handler()?.statuses() ?? [])];
    do {
      const { line, count } = packLine("status_response", statuses);
      connection.send(line);
      statuses.splice(0, count);
      // Ten thousand statuses are many lines: the event loop runs in between.
      await new Promise((resolve) => setImmediate(resolve));
    } while (statuses.length > 0);
  }
}
