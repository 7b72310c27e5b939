/**
 * The control socket: each connection sends one line of JSON, receives one line, and is closed. Only the server's user and root can
 * connect; the kernel says who did. Nothing that a client does holds anything up: few connections, short lines, little time.
 */
import type { Logger } from "../logging/logger.ts";
import type { Operator } from "../monitor/override.ts";
import { peerOf } from "../system/peer-credentials.ts";
import { placeSocket, removeSocket } from "../system/socket-placement.ts";
import type { Answer } from "./commands.ts";

const MODE = 0o600;
const MAX_CONNECTIONS = 16;
const MAX_LINE_BYTES = 16 * 1_024;
const MAX_SILENCE_S = 5;
const NEWLINE = 0x0a;

interface Session {
  readonly operator: Operator | undefined;
  request: Buffer;
  /** Part of the answer that is not written yet; undefined before there is one. */
  rest: Uint8Array | undefined;
}

/** Serves commands on a Unix socket. */
export class ControlSocket {
  readonly #path: string;
  readonly #execute: (line: string, operator: Operator) => Answer;
  readonly #log: Logger;
  readonly #sessions = new Map<Bun.Socket<undefined>, Session>();
  #listener: Bun.UnixSocketListener<undefined> | undefined;
  #identity = "";

  constructor(path: string, execute: (line: string, operator: Operator) => Answer, log: Logger) {
    this.#path = path;
    this.#execute = execute;
    this.#log = log;
  }

  /** Starts to serve. @throws Error if the path is in use */
  start(): void {
    const socket: Bun.SocketHandler<undefined> = {
      open: (client) => this.#accept(client),
      data: (client, bytes) => this.#receive(client, bytes),
      drain: (client) => this.#write(client),
      timeout: (client) => void client.terminate(),
      close: (client) => void this.#sessions.delete(client),
      error: (client) => void client.terminate(),
    };
    const { listener, identity } = placeSocket(this.#path, MODE, (unix) =>
      Bun.listen<undefined>({ unix, socket }),
    );
    this.#listener = listener;
    this.#identity = identity;
    this.#log.info("Listening for operators", { socket: this.#path });
  }

  /** Stops to serve. */
  stop(): void {
    if (this.#listener === undefined) return;
    removeSocket(this.#path, this.#identity);
    this.#listener.stop(true);
    this.#listener = undefined;
  }

  #accept(client: Bun.Socket<undefined>): void {
    if (this.#sessions.size >= MAX_CONNECTIONS) {
      client.terminate();
      return;
    }
    client.timeout(MAX_SILENCE_S);
    this.#sessions.set(client, { operator: peerOf(client), request: Buffer.alloc(0), rest: undefined });
    // A client that sends byte after byte is never silent.
    setTimeout(() => this.#sessions.has(client) && client.terminate(), MAX_SILENCE_S * 1_000).unref();
  }

  #receive(client: Bun.Socket<undefined>, bytes: Buffer): void {
    const session = this.#sessions.get(client);
    if (session === undefined || session.rest !== undefined) return;
    session.request = Buffer.concat([session.request, bytes]);
    const end = session.request.indexOf(NEWLINE);
    if (end < 0 && session.request.length <= MAX_LINE_BYTES) return;
    const answer = this.#answer(session, end);
    session.request = Buffer.alloc(0);
    session.rest = Buffer.from(`${JSON.stringify(answer)}\n`);
    this.#write(client);
  }

  #answer({ operator, request }: Session, end: number): Answer {
    if (end < 0 || end > MAX_LINE_BYTES)
      return { error: `the request is longer than ${MAX_LINE_BYTES} bytes` };
    if (operator === undefined) return { error: "the kernel does not say who has connected" };
    return this.#execute(request.toString("utf8", 0, end), operator);
  }

  #write(client: Bun.Socket<undefined>): void {
    const session = this.#sessions.get(client);
    if (session?.rest === undefined) return;
    session.rest = session.rest.subarray(Math.max(0, client.write(session.rest)));
    if (session.rest.length === 0) client.end();
  }
}
