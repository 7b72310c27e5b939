/**
 * The server's lines as a test reads them, ids without loss. Called by client.ts; tests import its types.
 */

/** STATUS of the protocol. */
export interface Status {
  readonly last_check?: string;
  /** Nanoseconds. */
  readonly duration: number;
  readonly failures: number;
  readonly successes: number;
  readonly state: string;
  readonly message: string;
}

/** One id, as decimal text, and its status. */
export interface StatusEntry {
  readonly id: string;
  readonly status: Status;
}

/** One line from the server. */
export interface ReceivedLine {
  readonly type: string;
  /** The notifications of a batch, or the statuses of a response; else empty. */
  readonly statuses: readonly StatusEntry[];
  /** The text of an `error`. */
  readonly message?: string;
  /** The line without its newline. */
  readonly raw: string;
  /** Bytes of the line, its newline included. */
  readonly byteLength: number;
  /** Time of its arrival, by `performance.now()`. */
  readonly receivedAtMs: number;
}

interface WireMessage {
  readonly type: string;
  readonly batch?: { readonly notifications: readonly StatusEntry[] };
  readonly statuses?: readonly StatusEntry[];
  readonly message?: string;
}

/**
 * Reads one line.
 * @param byteLength bytes of the line, its newline included
 * @param receivedAtMs when it arrived, by `performance.now()`
 * @throws SyntaxError when it is not JSON
 */
export function parseLine(raw: string, byteLength: number, receivedAtMs: number): ReceivedLine {
  // The cast trusts the server's shape: whether it is right is what the tests (and Go) look at.
  const wire = JSON.parse(raw, exactId) as WireMessage;
  return {
    type: wire.type,
    statuses: wire.batch?.notifications ?? wire.statuses ?? [],
    ...(wire.message === undefined ? {} : { message: wire.message }),
    raw,
    byteLength,
    receivedAtMs,
  };
}

function exactId(key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return key === "id" && typeof value === "number" ? context?.source : value;
}
