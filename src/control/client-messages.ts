/**
 * What clients of the proxy socket say, and what they are answered (protocol.md): lists of healthchecks, requests for their
 * status, and nonsense.
 */

import type { Logger } from "../logging/logger.ts";
import { PacedLog } from "../logging/paced.ts";
import type { CheckDefaults } from "../model/check-defaults.ts";
import { describeError } from "../model/format-value.ts";
import type { HealthcheckId } from "../model/id.ts";
import { errorLine, packLine } from "../protocol/codec.ts";
import type { Element } from "../protocol/config-splitter.ts";
import type { Line } from "../protocol/lines.ts";
import { MessageError } from "../protocol/message-error.ts";
import { ConfigReader, MAX_REFUSALS_DESCRIBED, type ReadConfigs, readMessage } from "../protocol/messages.ts";
import type { Connection } from "./client-connection.ts";
import type { MessageSpan, TracingProvider } from "./client-tracing.ts";
import type { ControlPlaneHandler, CountFault } from "./control-plane.ts";
import { ListLog } from "./list-log.ts";

/** Lines that a client may cause at once, by kind; after them one a second is written. */
const BURST = { messages: 10, lists: 20, configs: MAX_REFUSALS_DESCRIBED };

/** Lines in a row that may make no sense; the Go proxy sends none. */
const MAX_SENSELESS_LINES = 1_000;

/** What there is to know and to do about clients. */
export interface Clients {
  /** Where messages have their effect. */
  events(): ControlPlaneHandler | undefined;
  /** Whether a newer client has taken this one's place. */
  isDisplaced(connection: Connection): boolean;
  /** The client's list is the running one. */
  listed(connection: Connection): void;
}

/** See the head of the file. */
export class ClientMessages {
  readonly #log: Logger;
  readonly #count: CountFault;
  readonly #clients: Clients;
  /** Lines that made no sense, of each connection, since its last message that did. */
  readonly #senseless = new WeakMap<Connection, number>();
  readonly #tracing: TracingProvider;
  readonly #reader: ConfigReader;
  readonly #messageLog: PacedLog;
  readonly #configLog: PacedLog;
  readonly #listLog: ListLog;
  /** The client that was last sent what is wrong with its list. */
  #informed: Connection | undefined;
  #repeated: ReadonlySet<HealthcheckId> = new Set();
  #updating: Promise<unknown> = Promise.resolve();

  /**
   * @param defaults - of the server, for what configs leave open
   * @param tracing - whoever follows what clients do
   */
  constructor(
    defaults: CheckDefaults,
    log: Logger,
    count: CountFault,
    clients: Clients,
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

  /** Does what one line asks for; what makes no sense is answered with an `error` line. */
  async line(connection: Connection, line: Line): Promise<void> {
    await this.#tracing().received(connection, line.byteLength, (notes) =>
      this.#handle(connection, line, notes),
    );
  }

  /** Logs a message that made no sense. @param error - why */
  refused(error: string): void {
    this.#messageLog.warn("Message refused", { error });
  }

  async #handle(connection: Connection, line: Line, notes: MessageSpan): Promise<void> {
    try {
      const message = await readMessage(line);
      this.#senseless.delete(connection);
      notes.isA(message.type);
      switch (message.type) {
        case "update_configs":
          return await this.#update(connection, message.configs, notes);
        case "request_status":
          return await this.#respond(connection);
        case "shutdown":
          this.#log.info("Received shutdown request from proxy");
          return this.#clients.events()?.shutdown();
      }
    } catch (error) {
      this.#count("parse");
      if (error instanceof MessageError) {
        notes.failed("parse", error.message);
        this.refused(error.message);
        this.#answerSenseless(connection, error.message);
      } else {
        notes.failed("internal", "internal fault");
        this.#log.error("Proxy task error", { error: describeError(error) });
        connection.send(errorLine("internal error, see the log"));
      }
    }
  }

  /** A client that sends nothing but senseless lines would keep us busy with answers: after a while its connection is closed. */
  #answerSenseless(connection: Connection, problem: string): void {
    const count = (this.#senseless.get(connection) ?? 0) + 1;
    this.#senseless.set(connection, count);
    if (count < MAX_SENSELESS_LINES) {
      connection.send(errorLine(problem));
      return;
    }
    const reason = `${count} senseless lines in a row`;
    this.#log.warn("Closing the client's connection", { reason });
    connection.close(errorLine(`${problem}; ${reason}, the connection is closed`));
  }

  /** One list at a time, also when a newer client sends its own while an older one's is being read. */
  async #update(connection: Connection, configs: Iterable<Element>, notes: MessageSpan): Promise<void> {
    const before = this.#updating;
    const turn = Promise.withResolvers<void>();
    this.#updating = turn.promise;
    await before;
    try {
      await this.#takeIn(connection, configs, notes);
    } finally {
      turn.resolve();
    }
  }

  async #takeIn(connection: Connection, configs: Iterable<Element>, notes: MessageSpan): Promise<void> {
    if (this.#clients.isDisplaced(connection)) return;
    const read = await this.#reader.read(configs);
    if (this.#clients.isDisplaced(connection)) return;
    this.#reportRefusals(connection, read);
    const { specs, refused: refusals, refusedIds: refused } = read;
    if (refusals > 0) notes.failed("config", `${refusals} healthchecks refused`);
    this.#listLog.received(read);
    await this.#clients.events()?.desired({ specs, refused, refusals });
    this.#clients.listed(connection);
  }

  /** Reports what is wrong with a list: counted each time, and logged and sent when it is new; the list comes every 15 s. */
  #reportRefusals(connection: Connection, { refusals, refused, repeated, warnings }: ReadConfigs): void {
    for (const warning of warnings) this.#configLog.warn("Configuration warning: value amended", { warning });
    for (const id of repeated) {
      if (!this.#repeated.has(id))
        this.#configLog.warn("Healthcheck twice in one update, the last one counts", { id });
    }
    this.#repeated = repeated;
    if (refused > 0) this.#count("config", refused);
    const fresh = refusals.filter(({ known }) => !known);
    for (const { message } of fresh)
      this.#configLog.warn("Configuration error: healthcheck refused", { error: message });
    const rest = refused - refusals.length;
    if (rest > 0 && fresh.length > 0)
      this.#configLog.warn("Configuration error: more healthchecks refused", { count: rest });
    const unsent = connection === this.#informed ? fresh : refusals;
    this.#informed = connection;
    const lines = unsent.map(({ message }) => errorLine(message));
    if (rest > 0 && lines.length > 0) lines.push(errorLine(`${rest} more healthchecks refused`));
    if (lines.length > 0) connection.send(lines.join(""));
  }

  async #respond(connection: Connection): Promise<void> {
    const statuses = [...(this.#clients.events()?.statuses() ?? [])];
    do {
      const { line, count } = packLine("status_response", statuses);
      connection.send(line);
      statuses.splice(0, count);
      // Ten thousand statuses are many lines: others have their turn in between.
      await new Promise((resolve) => setImmediate(resolve));
    } while (statuses.length > 0);
  }
}
