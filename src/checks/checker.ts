/**
 * What a checker is. A checker is made once for each healthcheck, with everything that can be prepared (addresses in
 * binary, the request, sentences), and started again and again.
 */
import type { CheckResult } from "../model/result.ts";
import type { Clock } from "../system/clock.ts";
import type { Descriptors } from "../system/descriptors.ts";
import type { Dialer } from "../system/dialer.ts";
import type { SystemResolver } from "../system/resolver.ts";
import type { TlsContexts } from "../system/tls.ts";

/** What checkers need of the process. */
export interface CheckerEnv {
  readonly clock: Clock;
  readonly dialer: Dialer;
  /** The same count that the dialer keeps; for sockets that it does not open. */
  readonly descriptors: Descriptors;
  readonly tls: TlsContexts;
  readonly resolver: SystemResolver;
  /** Calls back once, `delayMs` of undisturbed running time later. */
  readonly after: (delayMs: number, callback: () => void) => CancelTimer;
  /** The User-Agent of HTTP checks. */
  readonly userAgent: string;
  /** Gives each HTTP check the traceparent that it carries (W3C Trace Context); absent when it is to carry none. */
  readonly traceparent?: () => string;
}

/** Takes a timer back; harmless afterwards. */
export type CancelTimer = () => void;

/** Hears the result, exactly once and never before {@link Checker.start} has returned. */
export type OnResult = (result: CheckResult) => void;

/** One check under way. */
export interface Attempt {
  /** The time is up: ends the check, gives back what it holds, and tells how far it came. `OnResult` is not called. */
  expire(): CheckResult;
  /** Nobody wants the result any more: gives back what the check holds. `OnResult` is not called. */
  cancel(): void;
}

/** See the head of the file. */
export interface Checker {
  /**
   * Begins a check. The caller bounds it in time by {@link Attempt.expire}.
   *
   * @param timeoutMs - the bound, for sentences and for dividing among several tries
   */
  start(timeoutMs: number, done: OnResult): Attempt;
}
