/**
 * What clients of the proxy socket say, and what they are answered (protocol.md): lists of healthchecks, requests for their
 * status, and nonsense.
 */

import type { Logger } from "../logging/logger.ts";
import { errorWords } from "../model/show.ts";
import { errorLine, packLine } from "../protocol/codec.ts";
import { ConfigReader, MessageError, type ReadConfigs, readMessage } from "../protocol/messages.ts";
import type { FindTracing, MessageNotes } from "./client-tracing.ts";
import type { Connection } from "./connection.ts";
import type { CountFault, UpstreamEvents } from "./upstream.ts";

/** After so many refused configs of one message the rest is told as a number. */
const MOST_REFUSALS_TOLD = 100;

/** What there is to know and to do about clients. */
export interface Clients {
  /** Where messages have their effect. */
  events(): UpstreamEvents | undefined;
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
  readonly #tracing: FindTracing;
  readonly #reader = new ConfigReader();
  #updating: Promise<unknown> = Promise.resolve();

  /** @param tracing - whoever follows what clients do */
  constructor(log: Logger, count: CountFault, clients: Clients, tracing: FindTracing) {
    this.#tracing = tracing;
    this.#log = log;
    this.#count = count;
    this.#clients = clients;
  }

  /** Does what one line asks for; what makes no sense is answered with an `error` line. */
  async line(connection: Connection, line: Uint8Array): Promise<void> {
    await this.#tracing().received(connection, line.length, (notes) => this.#handle(connection, line, notes));
  }

  async #handle(connection: Connection, line: Uint8Array, notes: MessageNotes): Promise<void> {
    try {
      const message = readMessage(line);
      notes.isA(message.type);
      switch (message.type) {
        case "update_configs":
          return await this.#update(connection, message.configs, notes);
        case "request_status":
          return await this.#respond(connection);
        case "shutdown":
          this.#log.info("Shutdown requested by the proxy");
          return this.#clients.events()?.shutdown();
      }
    } catch (error) {
      this.#count("parse");
      if (error instanceof MessageError) {
        notes.failed("parse", error.message);
        this.#log.warn("Message refused", { error: error.message });
        connection.send(errorLine(error.message));
      } else {
        notes.failed("internal", "internal fault");
        this.#log.error("Proxy task error", { error: errorWords(error) });
        connection.send(errorLine("internal error, see the log"));
      }
    }
  }

  /** One list at a time, also when a newer client sends its own while an older one's is being read. */
  async #update(connection: Connection, configs: readonly string[], notes: MessageNotes): Promise<void> {
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

  async #takeIn(connection: Connection, configs: readonly string[], notes: MessageNotes): Promise<void> {
    if (this.#clients.isDisplaced(connection)) return;
    const read = await this.#reader.read(configs);
    if (this.#clients.isDisplaced(connection)) return;
    this.#tellRefusals(connection, read);
    const refusals = read.refusals.length;
    if (refusals > 0) notes.failed("config", `${refusals} healthchecks refused`);
    const refused = new Set(read.refusals.map(({ id }) => id));
    await this.#clients.events()?.desired({ specs: read.specs, refused, refusals });
    this.#clients.listed(connection);
  }

  #tellRefusals(connection: Connection, { refusals, repeated, warnings }: ReadConfigs): void {
    for (const warning of warnings.slice(0, MOST_REFUSALS_TOLD))
      this.#log.warn("Configuration warning: value amended", { warning });
    const unsaid = warnings.length - MOST_REFUSALS_TOLD;
    if (unsaid > 0) this.#log.warn("Configuration warning: more values amended", { healthchecks: unsaid });
    for (const id of repeated) this.#log.warn("Healthcheck twice in one update, the last one counts", { id });
    if (refusals.length === 0) return;
    this.#count("config", refusals.length);
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
