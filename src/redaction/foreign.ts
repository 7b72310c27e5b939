/** Messages of libraries and of the trace collector, which may quote secrets: they are logged without them. */
import { HIDDEN } from "./marks.ts";

const MAX_MESSAGE_CHARS = 200;
/** Shorter parts of a header are not secrets, and occur everywhere. */
const MIN_SECRET_CHARS = 4;

/**
 * Removes the values of request headers from a message of a peer or a library, and makes it one line of at most 200 characters.
 *
 * @param headers - sent to the peer, which may repeat them
 */
export function redactHeaders(message: string, headers: Readonly<Record<string, string>>): string {
  const secrets = Object.values(headers).flatMap((value) => [value, ...value.split(/[\s,;=]+/)]);
  let text = message;
  for (const secret of secrets) if (secret.length >= MIN_SECRET_CHARS) text = text.replaceAll(secret, HIDDEN);
  const line = text.replace(/[\p{Cc}\s]+/gu, " ").trim();
  return line.length > MAX_MESSAGE_CHARS ? `${line.slice(0, MAX_MESSAGE_CHARS)}…` : line;
}

/** Removes the quoted source from an error message of the YAML library: it may be a secret, and line and column locate it. */
export function withoutSource(message: string): string {
  return message.replace(/(?<=\S): .*/s, "").replace(/(escape sequence).*/s, "$1");
}
