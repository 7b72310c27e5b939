/**
 * The control socket: each connection sends one line of JSON, receives one line, and is closed. Only the server's user and root can
 * connect; the kernel says who did. Nothing that a client does holds anything up: few connections, short lines, little time.
 */
import type { Logger } from "../logging/logger.ts";
import { PacedLog } from "../logging/paced.ts";
import { describeError } from "../model/format-value.ts";
import type { Operator } from "../monitor/override.ts";
import { KeptSocket } from "../system/kept-socket.ts";
import { peerOf } from "../system/peer-credentials.ts";

const MODE = 0o600;
const ROOT_UID = 0;
const MAX_CONNECTIONS = 16;
const MAX_LINE_BYTES = 16 * 1_024;
const MAX_SILENCE_S = 5;
/** Burst of log lines about rejected users; the limit is then one per second. */
const REJECTION_BURST = 4;
const NEWLINE = 0x0a;

type Client = Bun.Socket<undefined>;

interface Session {
  readonly operator: Operator | undefined;
  /** The parts of the request so far; undefined once it is complete. */
  request: Buffer[] | undefined;
  requestBytes: number;
  /** Part of the answer that is not written yet; undefined before there is one. */
  rest: Uint8Array | undefined;
}

/** Executes a request. @param line - JSON @returns JSON */
export type Execute = (line: string, operator: Operator) => Promise<string>;

/** Serves commands on a Unix socket. */
export class ControlSocket {
  readonly #path: string;
  readonly #execute: Execute;
  readonly #log: Logger;
  readonly #rejections: PacedLog;
  readonly #sessions = new Map<Client, Session>();
  readonly #socket: KeptSocket<undefined>;
  /** True once the socket has been open. */
  #wasOpen = false;

  constructor(path: string, execute: Execute, log: Logger) {
    this.#path = path;
    this.#execute = execute;
    this.#log = log;
    this.#rejections = new PacedLog(log, REJECTION_BURST);
    this.#socket = new KeptSocket(path, MODE, {
      open: (client) => this.#accept(client),
      data: (client, bytes) => this.#receive(client, bytes),
      drain: (client) => this.#write(client),
      timeout: (client) => void client.terminate(),
      close: (client) => void this.#sessions.delete(client),
      error: (client) => void client.terminate(),
    });
  }

  /** Starts to serve. A socket that cannot be opened is logged, and {@link maintain} tries again: checks do not depend on it. */
  start(): void {
    this.maintain();
  }

  /** Opens the socket if it is missing. A file of another process in its place is left alone. */
  maintain(): void {
    const kept = this.#socket.keep();
    if (kept.outcome === "opened") this.#opened();
    if (kept.outcome === "failed" && kept.isNew)
      this.#log.error("Control socket not open, operators cannot connect; retrying", {
        socket: this.#path,
        error: kept.error,
      });
  }

  /** Stops to serve. */
  stop(): void {
    this.#socket.close(true);
    this.#rejections.flush();
  }

  #opened(): void {
    const fields = { socket: this.#path };
    if (this.#wasOpen) this.#log.warn("Control socket lost, listening again", fields);
    else this.#log.info("Listening for operators", fields);
    this.#wasOpen = true;
  }

  #accept(client: Client): void {
    if (!this.#hasRoom()) {
      client.terminate();
      return;
    }
    client.timeout(MAX_SILENCE_S);
    const session = { operator: peerOf(client), request: [], requestBytes: 0, rest: undefined };
    this.#sessions.set(client, session);
    // A client that sends byte after byte is never silent.
    setTimeout(() => this.#sessions.has(client) && client.terminate(), MAX_SILENCE_S * 1_000).unref();
  }

  /** Makes room for a client: the oldest one that has not sent its request has had its chance, a command line sends it at once. */
  #hasRoom(): boolean {
    if (this.#sessions.size < MAX_CONNECTIONS) return true;
    for (const [client, { request }] of this.#sessions) {
      if (request === undefined) continue;
      this.#sessions.delete(client);
      client.terminate();
      return true;
    }
    return false;
  }

  /** The mode of the file rejects other users already, unless it was changed. */
  #rejectionOf({ uid, user, pid }: Operator): string | undefined {
    if (uid === ROOT_UID || uid === process.geteuid?.()) return undefined;
    this.#rejections.warn("Command of another user rejected", { user, uid, pid });
    return `only the server's user and root give commands; ${user} is neither`;
  }

  #receive(client: Client, bytes: Buffer): void {
    const session = this.#sessions.get(client);
    const { request } = session ?? {};
    if (session === undefined || request === undefined) return;
    const end = bytes.indexOf(NEWLINE);
    request.push(Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)));
    session.requestBytes += end < 0 ? bytes.length : end;
    const isLong = session.requestBytes > MAX_LINE_BYTES;
    if (end < 0 && !isLong) return;
    session.request = undefined;
    if (isLong) this.#reject(client, `the request is longer than ${MAX_LINE_BYTES} bytes`);
    else void this.#run(client, Buffer.concat(request).toString("utf8"), session.operator);
  }

  async #run(client: Client, line: string, operator: Operator | undefined): Promise<void> {
    if (operator === undefined) return this.#reject(client, "the kernel does not say who has connected");
    // Only now: a connection that is closed with a request unread is reset, and its client does not receive the reason.
    const rejection = this.#rejectionOf(operator);
    if (rejection !== undefined) return this.#reject(client, rejection);
    try {
      this.#answer(client, await this.#execute(line, operator));
    } catch (error) {
      this.#log.error("Internal error", { error: describeError(error) });
      this.#reject(client, "internal error; see the log of the server");
    }
  }

  #reject(client: Client, error: string): void {
    this.#answer(client, JSON.stringify({ error }));
  }

  #answer(client: Client, answer: string): void {
    const session = this.#sessions.get(client);
    if (session === undefined) return;
    session.rest = Buffer.from(`${answer}\n`);
    this.#write(client);
  }

  #write(client: Client): void {
    const session = this.#sessions.get(client);
    if (session?.rest === undefined) return;
    session.rest = session.rest.subarray(Math.max(0, client.write(session.rest)));
    if (session.rest.length === 0) client.end();
  }
}
