/**
 * The HTTP listener: metrics, health, status API, status page. GET and HEAD only; everything is read-only, the request is not
 * kept, and no response blocks the event loop for long.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Logger } from "../logging/logger.ts";
import { describeError } from "../model/format-value.ts";
import type { Address } from "../model/spec.ts";
import { shownRequestTarget } from "../redaction/urls.ts";
import { ConnectionLimiter, KEEP_ALIVE_MS } from "./connection-limiter.ts";
import { findHostProblem, type HostPolicy } from "./host.ts";
import { BadRequestError, readTarget, type Target } from "./request.ts";
import { beginHead, closeAfter, sendError } from "./responses.ts";

/** Answers one kind of request. */
export type Handler = (
  target: Target,
  request: IncomingMessage,
  response: ServerResponse,
) => void | Promise<void>;

/** Finds the handler of a path; returns undefined for an unknown path. */
export type Router = (path: string) => Handler | undefined;

const MAX_HEADER_BYTES = 16 * 1_024;
const METHODS = ["GET", "HEAD"];
/** Maximum number of pipelined requests on a connection; each waits for the response to the previous one. */
const MAX_AHEAD = 256;

/** Number of requests of a connection that are being answered or wait. */
interface Line {
  length: number;
  last: Promise<void>;
}

/** Restricts browsers for every response; the files of the page allow more. */
const GUARDS = [
  ["content-security-policy", "default-src 'none'; frame-ancestors 'none'"],
  ["cross-origin-resource-policy", "same-origin"],
  ["referrer-policy", "no-referrer"],
  ["x-content-type-options", "nosniff"],
] as const;

/** The error of the runtime about a request that it cannot parse. */
const UNREADABLE: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
};

/** HTTP server for metrics, health, API and status page. It answers GET and HEAD, in order on each connection. */
export class HttpServer {
  readonly #route: Router;
  readonly #log: Logger;
  readonly #failed: () => void;
  readonly #hosts: HostPolicy;
  readonly #http: Server;
  readonly #limiter: ConnectionLimiter;
  readonly #lines = new WeakMap<Socket, Line>();

  /**
   * @param places - connections that are served at the same time; half as many more wait in line
   * @param hosts - which names a request may be for
   * @param failed - a handler threw; it has been logged
   */
  constructor(route: Router, places: number, hosts: HostPolicy, log: Logger, failed: () => void = () => {}) {
    this.#route = route;
    this.#hosts = hosts;
    this.#log = log;
    this.#failed = failed;
    this.#http = createServer({ maxHeaderSize: MAX_HEADER_BYTES }, (request, response) => {
      void this.#inTurn(request, response);
    });
    this.#http.keepAliveTimeout = KEEP_ALIVE_MS;
    this.#http.on("clientError", (error: NodeJS.ErrnoException, socket) => {
      const status = UNREADABLE[error.code ?? ""] ?? "400 Bad Request";
      if (socket.writable) socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
      else socket.destroy();
    });
    this.#limiter = new ConnectionLimiter(
      places,
      places >> 1,
      (socket) => void this.#http.emit("connection", socket),
    );
  }

  /** Listens. @returns the address @throws Error when it cannot listen */
  async listen(address: Address): Promise<Address> {
    return await this.#limiter.listen(address);
  }

  /** Closes the listener and every connection. */
  close(): void {
    this.#limiter.close();
  }

  /** Answers the requests of a connection in order: pipelined requests delay no other client. */
  async #inTurn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // The type allows other transports; these are sockets of the connection limiter.
    const socket = request.socket as Socket;
    const line = this.#lines.get(socket) ?? { length: 0, last: Promise.resolve() };
    this.#lines.set(socket, line);
    if (line.length >= MAX_AHEAD) {
      socket.destroy();
      return;
    }
    const ended = Promise.withResolvers<void>();
    response.once("close", ended.resolve);
    const before = line.last;
    line.last = ended.promise;
    line.length++;
    await before;
    // A connection that ends with the previous response accepts no further requests.
    if (socket.writable) await this.#answer(socket, request, response);
    else socket.destroy();
    await ended.promise;
    line.length--;
  }

  async #answer(socket: Socket, request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.once("close", this.#limiter.answering(socket));
    beginHead(request, response);
    if (this.#limiter.crowded) closeAfter(response);
    for (const [name, value] of GUARDS) response.setHeader(name, value);
    try {
      await this.#dispatch(request, response);
    } catch (error) {
      this.#log.error("HTTP handler failed", {
        path: shownRequestTarget(request.url ?? ""),
        error: describeError(error),
      });
      this.#failed();
      sendError(response, 500, "internal error; see the log");
    }
  }

  async #dispatch(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A body has no meaning here and is not read.
    const hasBody =
      request.headers["transfer-encoding"] !== undefined ||
      Number(request.headers["content-length"] ?? 0) > 0;
    if (hasBody) closeAfter(response);
    const problem = findHostProblem(request, this.#hosts);
    if (problem !== undefined) {
      closeAfter(response);
      sendError(response, problem.status, problem.message);
      return;
    }
    if (!METHODS.includes(request.method ?? "")) {
      response.setHeader("allow", METHODS.join(", "));
      closeAfter(response);
      sendError(response, 405, `${request.method} is not valid; must be ${METHODS.join(" or ")}`);
      return;
    }
    try {
      const target = readTarget(request.url ?? "/");
      const handler = this.#route(target.path);
      if (handler === undefined)
        sendError(response, 404, "not found; see /, /metrics, /healthz, /readyz, /api/healthchecks");
      else await handler(target, request, response);
    } catch (error) {
      if (!(error instanceof BadRequestError)) throw error;
      sendError(response, 400, error.message);
    }
  }
}
