/**
 * The outcome of one check: success, failure or inconclusive, with a code and a sentence that say why. The codes
 * are HAProxy's, which operators know; `LOCAL` is ours, for faults of our own making.
 */
import { MAX_SENTENCE_BYTES, sentence } from "./printable.ts";

/** What was proved: a connection, a TLS handshake, an answer. */
export const SUCCESS_CODES = ["L4OK", "L6OK", "L7OK"] as const;
/** One of {@link SUCCESS_CODES}. */
export type SuccessCode = (typeof SUCCESS_CODES)[number];

/** Why a backend failed: connect refused or unreachable, connect timed out, TLS, answer invalid, late or unwanted. */
export const FAILURE_CODES = ["L4CON", "L4TOUT", "L6RSP", "L6TOUT", "L7RSP", "L7TOUT", "L7STS"] as const;
/** One of {@link FAILURE_CODES}. */
export type FailureCode = (typeof FAILURE_CODES)[number];

/** Which fault of our own made a check say nothing about its backend. */
export const LOCAL_CAUSES = ["descriptors", "ports", "memory", "permission", "stalled", "fault"] as const;
/** One of {@link LOCAL_CAUSES}. */
export type LocalCause = (typeof LOCAL_CAUSES)[number];

/** How long each phase took, in milliseconds; a phase that was not reached is absent. */
export interface Phases {
  readonly resolveMs?: number;
  readonly connectMs?: number;
  readonly tlsMs?: number;
  /** Request sent to first byte of the answer. */
  readonly firstByteMs?: number;
  /** First byte to the last one that was needed. */
  readonly transferMs?: number;
}

interface Timed {
  /** What the check took as the backend caused it, our own waiting left out; milliseconds. */
  readonly durationMs: number;
  readonly phases: Phases;
  /** Of an HTTP answer, when one came. */
  readonly statusCode?: number | undefined;
}

/** The backend was asked and is well. */
export interface Success extends Timed {
  readonly outcome: "success";
  readonly code: SuccessCode;
  /** A sentence with the target in it; without the code. */
  readonly message: string;
}

/** The backend was asked and is not well. */
export interface Failure extends Timed {
  readonly outcome: "failure";
  readonly code: FailureCode;
  readonly message: string;
  /** The other side closed an open connection: it may have lost its patience with us, if we stood still. */
  readonly interrupted?: boolean;
}

/** The backend was not really asked; nothing is known. */
export interface Inconclusive {
  readonly outcome: "inconclusive";
  readonly code: "LOCAL";
  readonly cause: LocalCause;
  readonly message: string;
}

/** What one check found. */
export type CheckResult = Success | Failure | Inconclusive;

/** A result that says something about the backend. */
export type Conclusive = Success | Failure;

/** Makes the result of a check that could not be carried out. */
export function inconclusive(cause: LocalCause, message: string): Inconclusive {
  return { outcome: "inconclusive", code: "LOCAL", cause, message };
}

/** Leaves room for the longest code and a blank. */
const MAX_MESSAGE_BYTES = MAX_SENTENCE_BYTES - "L4TOUT ".length;

/**
 * Makes the sentence of a result printable and bounded: with its code it has at most {@link MAX_SENTENCE_BYTES}. Every result passes
 * here before anything else sees it.
 */
export function withSafeMessage<Result extends CheckResult>(result: Result): Result {
  const message = sentence(result.message, MAX_MESSAGE_BYTES);
  return message === result.message ? result : { ...result, message };
}

/** `L4CON TCP connect to 10.0.0.1:80: connection refused` */
export function formatResult(result: CheckResult): string {
  return `${result.code} ${result.message}`;
}
