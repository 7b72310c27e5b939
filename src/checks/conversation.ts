/**
 * What is said over an open connection, pure: which bytes to send, and what the answer means. The exchange does the
 * connecting, waiting and closing. TCP with `receive`, HTTP, and DNS over TCP are conversations.
 */
import type { FailureCode } from "../model/result.ts";

/** What a conversation came to. The message is a sentence without the code. */
export type Verdict =
  | { readonly ok: true; readonly message: string }
  | { readonly ok: false; readonly code: FailureCode; readonly message: string };

/** One conversation; made anew for each check. */
export interface Conversation {
  /** Sent once the connection is open; undefined when the other side speaks first. */
  readonly request: Uint8Array | undefined;
  /** Of an HTTP answer, once it has come. */
  readonly statusCode?: number | undefined;
  /**
   * @param bytes - what has come, valid during the call only
   * @returns the verdict, or undefined when more is needed
   */
  received(bytes: Uint8Array): Verdict | undefined;
  /** The other side closed in good order; whatever was still needed will not come. */
  closed(): Verdict;
  /** What was being waited for, as the end of the sentence `… no answer within 100ms (…)`; empty when nothing had come. */
  progress(): string;
}

/** A sentence's beginning, `HTTP GET http://10.0.0.1:80/healthz`, with a conversation for each check. */
export interface ConversationFactory {
  /** Who was asked what; begins every sentence once the connection is open. */
  readonly subject: string;
  /** Begins the sentence when connecting fails; `TCP connect to 10.0.0.1:80` when it is absent. */
  readonly connectSubject?: string;
  begin(): Conversation;
}

/** Shorthand for a verdict of failure. */
export function failed(code: FailureCode, message: string): Verdict {
  return { ok: false, code, message };
}
