/**
 * Conversations over an open connection, sans-I/O: the bytes to send, and the meaning of the answer. The exchange
 * connects, waits and closes. TCP with `receive`, HTTP, and DNS over TCP are conversations.
 */
import type { FailureCode } from "../model/result.ts";

/** Verdict of a conversation. The message is a sentence without the code. */
export type Verdict =
  | { readonly ok: true; readonly message: string }
  | { readonly ok: false; readonly code: FailureCode; readonly message: string };

/** One conversation; created for each check. */
export interface Conversation {
  /** Sent once the connection is open; undefined when the other side speaks first. */
  readonly request: Uint8Array | undefined;
  /** Status code of an HTTP answer, once received. */
  readonly statusCode?: number | undefined;
  /**
   * Reads the next bytes of the answer.
   *
   * @param bytes - received bytes, valid during the call only
   * @returns the verdict, or undefined when more bytes are needed
   */
  received(bytes: Uint8Array): Verdict | undefined;
  /** The other side closed in good order; whatever was still needed will not come. */
  closed(): Verdict;
  /**
   * Describes how much was received, as the end of the sentence `… no answer within 100ms (…)`; empty when nothing was.
   */
  progress(): string;
}

/** A sentence's beginning, `HTTP GET http://10.0.0.1:80/healthz`, with a conversation for each check. */
export interface ConversationFactory {
  /** The request and its target; begins every sentence once the connection is open. */
  readonly subject: string;
  /** Begins the sentence when connecting fails; `TCP connect to 10.0.0.1:80` when it is absent. */
  readonly connectSubject?: string;
  begin(): Conversation;
}

/** Shorthand for a verdict of failure. */
export function failed(code: FailureCode, message: string): Verdict {
  return { ok: false, code, message };
}
