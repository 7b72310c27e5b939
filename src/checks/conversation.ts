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

/** The conversation with a proxy that opens a tunnel; a good verdict means that the tunnel is open. */
export interface TunnelConversation extends Conversation {
  readonly request: Uint8Array;
  /** Bytes of the last {@link Conversation.received} that belong to the proxy's answer. The bytes after them are the tunnel's. */
  readonly takenBytes: number;
}

/** A tunnel through a proxy, with a conversation for each check. */
export interface TunnelFactory {
  /** Begins the sentence when the proxy opens no tunnel: `HTTP CONNECT www.example.com:443 through proxy 10.0.0.1:3128`. */
  readonly subject: string;
  /** The host at the other end, without its port; an IPv6 address in brackets. */
  readonly host: string;
  /** The other end: `www.example.com:443`. */
  readonly peer: string;
  /** The way to the other end, as the end of a target: ` through proxy 10.0.0.1:3128`. */
  readonly way: string;
  begin(): TunnelConversation;
}

/** Shorthand for a verdict of failure. */
export function failed(code: FailureCode, message: string): Verdict {
  return { ok: false, code, message };
}
