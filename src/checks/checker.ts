/**
 * The interface of checkers. A checker is created once for each healthcheck, with everything that can be prepared
 * (addresses in binary, the request, sentences), and is started for each check.
 */
import type { CheckResult } from "../model/result.ts";
import type { Clock } from "../system/clock.ts";
import type { Dialer } from "../system/dialer.ts";
import type { SystemResolver } from "../system/resolver.ts";
import type { TlsContexts } from "../system/tls.ts";

/** Services of the process that checkers use. */
export interface CheckerEnv {
  readonly clock: Clock;
  readonly dialer: Dialer;
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

/** Receives the result, exactly once and never before {@link Checker.start} has returned. */
export type OnResult = (result: CheckResult) => void;

/** Receives, at most once and before the result, that a packet of the backend has come back. */
export type OnReached = () => void;

/** One running check. */
export interface Attempt {
  /** Ends a check that timed out, releases its resources and returns how far it came. `OnResult` is not called. */
  expire(): CheckResult;
  /** Cancels the check and releases its resources. `OnResult` is not called. */
  cancel(): void;
}

/** Executes the checks of one healthcheck. It is created once, with everything prepared, and started for each check. */
export interface Checker {
  /**
   * Begins a check. The caller bounds it in time by {@link Attempt.expire}.
   *
   * @param timeoutMs - the bound, for sentences and for dividing among several tries
   * @param reached - called early by checks whose answer may take longer than the way to the backend; the others never call it
   */
  start(timeoutMs: number, done: OnResult, reached?: OnReached): Attempt;
}
