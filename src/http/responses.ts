/**
 * Heads of responses, and complete responses. Header names are in lower case, including those that the runtime would add in
 * its own spelling: scripts written for the Rust server look for `content-type`.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { printable } from "../model/printable.ts";
import { KEEP_ALIVE_MS } from "./connection-limiter.ts";

/** Sets the headers that every response has: its date, and whether the connection stays open. */
export function beginHead(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader("date", new Date().toUTCString());
  const options = (request.headers.connection ?? "").toLowerCase().split(",");
  if (!response.shouldKeepAlive || options.some((option) => option.trim() === "close")) {
    closeAfter(response);
    return;
  }
  response.setHeader("connection", "keep-alive");
  response.setHeader("keep-alive", `timeout=${KEEP_ALIVE_MS / 1_000}`);
}

/** Closes the connection after this response. */
export function closeAfter(response: ServerResponse): void {
  response.removeHeader("keep-alive");
  response.setHeader("connection", "close");
}

/** Announces a body whose length is not known yet (RFC 9112, 7.1); HTTP/1.0 ends it with the connection. */
export function beginStream(request: IncomingMessage, response: ServerResponse): void {
  if (request.httpVersion !== "1.0") response.setHeader("transfer-encoding", "chunked");
}

/** Sends JSON. @param status - of HTTP */
export function replyJson(response: ServerResponse, status: number, value: unknown): void {
  response.setHeader("cache-control", "no-store");
  // Unprintable characters occur only within strings, where the escapes are those of JSON: values stay the same.
  reply(response, status, "application/json; charset=utf-8", `${printable(JSON.stringify(value))}\n`);
}

/** Sends one line of text. */
export function replyText(response: ServerResponse, status: number, line: string): void {
  response.setHeader("cache-control", "no-store");
  reply(response, status, "text/plain; charset=utf-8", `${printable(line)}\n`);
}

/** Sends an error with its message; nothing after a response has begun. */
export function sendError(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) response.destroy();
  else replyJson(response, status, { error: message });
}

/** Sends a complete body; omits it in the response to HEAD. */
export function reply(
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Uint8Array,
): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, { "content-type": type, "content-length": bytes.length });
  response.end(response.req.method === "HEAD" ? undefined : bytes);
}
