/**
 * Heads of answers, and answers in one piece. Every header's name is in lower case, those too that the runtime would add in
 * its own spelling: scripts written for the original server look for `content-type`.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { printable } from "../model/printable.ts";
import { KEEP_ALIVE_MS } from "./connection-limiter.ts";

/** Sets the headers that every answer has: its date, and whether the connection stays open. */
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

/** Lets the connection end with this answer. */
export function closeAfter(response: ServerResponse): void {
  response.removeHeader("keep-alive");
  response.setHeader("connection", "close");
}

/** Announces a body whose length is not known yet (RFC 9112, 7.1); HTTP/1.0 ends it with the connection. */
export function beginStream(request: IncomingMessage, response: ServerResponse): void {
  if (request.httpVersion !== "1.0") response.setHeader("transfer-encoding", "chunked");
}

/** JSON. @param status - of HTTP */
export function replyJson(response: ServerResponse, status: number, value: unknown): void {
  response.setHeader("cache-control", "no-store");
  // What is not printable can only be within strings, and there the escapes are JSON's: values stay the same.
  reply(response, status, "application/json; charset=utf-8", `${printable(JSON.stringify(value))}\n`);
}

/** One line of text. */
export function replyText(response: ServerResponse, status: number, line: string): void {
  response.setHeader("cache-control", "no-store");
  reply(response, status, "text/plain; charset=utf-8", `${printable(line)}\n`);
}

/** An error, in the words of the message; nothing when an answer has begun already. */
export function refuse(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) response.destroy();
  else replyJson(response, status, { error: message });
}

/** A whole body; left out where only the head was asked for. */
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
