/**
 * The outcome of one check: success, failure or inconclusive, with a code and a sentence that give the reason. The
 * codes are HAProxy's, which operators know; `LOCAL` is ours, for local faults.
 */
import { MAX_SENTENCE_BYTES, sentence } from "./printable.ts";

/** Codes of a success: the layer that was proved to work, from the connection to the answer. */
export const SUCCESS_CODES = ["L4OK", "L6OK", "L7OK"] as const;
/** Code of {@link SUCCESS_CODES}. */
export type SuccessCode = (typeof SUCCESS_CODES)[number];

/**
 * Codes of a failure: connect refused or unreachable, connect timed out, TLS, answer invalid, late or not as expected.
 */
export const FAILURE_CODES = ["L4CON", "L4TOUT", "L6RSP", "L6TOUT", "L7RSP", "L7TOUT", "L7STS"] as const;
/** Code of {@link FAILURE_CODES}. */
export type FailureCode = (typeof FAILURE_CODES)[number];

/** Local faults that make a check inconclusive. */
export const LOCAL_CAUSES = [
  "descriptors",
  "ports",
  "memory",
  "permission",
  "network",
  "stalled",
  "fault",
] as const;
/** Cause of {@link LOCAL_CAUSES}. */
export type LocalCause = (typeof LOCAL_CAUSES)[number];

/** Duration of each phase, in milliseconds; a phase that was not reached is absent. */
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
  /** Duration of the check as the backend caused it, without our own delays; milliseconds. */
  readonly durationMs: number;
  readonly phases: Phases;
  /** Status code of an HTTP answer, when one arrived. */
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
  /** True when the peer closed an open connection: perhaps because this process stalled and kept the peer waiting. */
  readonly interrupted?: boolean;
  /** True if a complete answer came, by the kernel's clock later than the timeout allows. */
  readonly late?: boolean;
  /** True if no packet of the peer came back, where the code is not one of layer 4: a DNS query without an answer is `L7TOUT`. */
  readonly unanswered?: boolean;
}

/** The backend was not really asked; nothing is known. */
export interface Inconclusive {
  readonly outcome: "inconclusive";
  readonly code: "LOCAL";
  readonly cause: LocalCause;
  readonly message: string;
  /** True if the routing table of this host rejected the packet: inconclusive for a bounded time only (`network.hold`). */
  readonly noRoute?: boolean | undefined;
}

/** Result of one check. */
export type CheckResult = Success | Failure | Inconclusive;

/** A result that describes the backend. */
export type Conclusive = Success | Failure;

/** Makes the result of a check that could not be carried out. @param noRoute - see {@link Inconclusive} */
export function inconclusive(cause: LocalCause, message: string, noRoute?: boolean): Inconclusive {
  return { outcome: "inconclusive", code: "LOCAL", cause, message, noRoute };
}

/** True for a failure at layer 4: no connection, or nothing came back. A cut network looks the same. */
export function isLayer4({ code, unanswered }: Failure): boolean {
  return code === "L4CON" || code === "L4TOUT" || unanswered === true;
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

/** Formats a result: `L4CON TCP connect to 10.0.0.1:80: connection refused` */
export function formatResult(result: CheckResult): string {
  return `${result.code} ${result.message}`;
}
