/**
 * JSON that keeps 64-bit ids exact, and the lines that the server writes. Numbers named `id` are read as bigint and
 * written digit by digit; nothing else differs from plain JSON.
 */

import { RawNumber } from "../model/format-value.ts";
import { clip, MAX_SENTENCE_BYTES, sentence } from "../model/printable.ts";
import type { Notification, Status } from "../model/status.ts";

/**
 * Maximum length of a line: the proxy exits on a line of 65,536 bytes or more, newline included (Go's `bufio.Scanner`); this leaves a
 * margin.
 */
export const MAX_LINE_BYTES = 60_000;
const NS_PER_MS = 1e6;

/**
 * Reads JSON with exact ids: a number under the key `id` becomes a bigint when it is written as an integer, and is
 * otherwise kept as it is written, for the error message.
 *
 * @throws SyntaxError when the text is not JSON
 */
export function parseJson(text: string): unknown {
  // The types do not have the third argument yet.
  const reviver = (key: string, value: unknown, context?: { readonly source?: string }): unknown => {
    if (key !== "id" || typeof value !== "number") return value;
    const source = context?.source ?? "";
    return /^[0-9]{1,40}$/.test(source) ? BigInt(source) : new RawNumber(source);
  };
  return JSON.parse(text, reviver);
}

/** The first line on every connection. */
export const READY_LINE = '{"type":"ready"}\n';

/** Maximum length of the `message` of an `error` line, in bytes of UTF-8. */
const MAX_ERROR_BYTES = 4_096;

/** Makes an `error` line. @param message - printable and shortened when it is not: the proxy logs it */
export function errorLine(message: string): string {
  return `{"type":"error","message":${JSON.stringify(sentence(message, MAX_ERROR_BYTES))}}\n`;
}

/** The messages that carry a list of statuses. */
const FRAMES = {
  notification_batch: { head: '{"type":"notification_batch","batch":{"notifications":[', tail: "]}}\n" },
  status_response: { head: '{"type":"status_response","statuses":[', tail: "]}\n" },
} as const;

/** A line, and the number of notifications in it. */
export interface PackedLine {
  readonly line: string;
  readonly count: number;
}

/**
 * Packs the first notifications of a batch into one line of at most {@link MAX_LINE_BYTES}.
 *
 * @param batch - as many as fit are packed, at least one
 */
export function packLine(type: keyof typeof FRAMES, batch: readonly Notification[]): PackedLine {
  const { head, tail } = FRAMES[type];
  let bytes = head.length + tail.length;
  const entries: string[] = [];
  for (const notification of batch) {
    const entry = renderNotification(notification);
    bytes += Buffer.byteLength(entry) + 1;
    if (bytes > MAX_LINE_BYTES && entries.length > 0) break;
    entries.push(entry);
  }
  return { line: `${head}${entries.join(",")}${tail}`, count: entries.length };
}

/** Formats `{"id":ID,"status":STATUS}`; every value has the type that the Go client decodes it into. */
export function renderNotification({ id, status }: Notification): string {
  return `{"id":${id},"status":${renderStatus(status)}}`;
}

function renderStatus({ lastCheckMs, durationMs, failures, successes, state, message }: Status): string {
  const lastCheck = lastCheckMs === undefined ? "" : `"last_check":"${new Date(lastCheckMs).toISOString()}",`;
  const durationNs = Math.max(0, Math.round(durationMs * NS_PER_MS));
  return (
    `{${lastCheck}"duration":${durationNs},"failures":${failures},"successes":${successes},` +
    `"state":"${state}","message":${JSON.stringify(clip(message, MAX_SENTENCE_BYTES))}}`
  );
}
