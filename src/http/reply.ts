/** Answers in one piece. */
import type { ServerResponse } from "node:http";

/** JSON. @param status - of HTTP */
export function replyJson(response: ServerResponse, status: number, value: unknown): void {
  response.setHeader("Cache-Control", "no-store");
  reply(response, status, "application/json; charset=utf-8", `${JSON.stringify(value)}\n`);
}

/** One line of text. */
export function replyText(response: ServerResponse, status: number, line: string): void {
  response.setHeader("Cache-Control", "no-store");
  reply(response, status, "text/plain; charset=utf-8", `${line}\n`);
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
  response.writeHead(status, { "Content-Type": type, "Content-Length": bytes.length });
  response.end(response.req.method === "HEAD" ? undefined : bytes);
}
