/**
 * Connect, TLS, talk: the steps of every check that runs over TCP, with each phase timed and each failure given its
 * code. Used by the tcp, http and dns checkers.
 *
 * Durations are the kernel's where it measures them: the handshake, and in plain text the arrival of the answer. So a
 * busy event loop does not show in them; the time until this process reads is no phase and is left out.
 */

import { formatDuration } from "../model/duration.ts";
import { describeError } from "../model/format-value.ts";
import type { CheckResult, FailureCode, SuccessCode } from "../model/result.ts";
import { inconclusive } from "../model/result.ts";
import type { TlsSpec } from "../model/spec.ts";
import { CaBundleError } from "../system/ca-bundle.ts";
import type { DialOwner, PendingConnection } from "../system/connection.ts";
import { ETIMEDOUT, errnoMessage, errnoOf, localCause } from "../system/errno.ts";
import type { PlainStream } from "../system/plain-stream.ts";
import type { SetupFailure } from "../system/socket-setup.ts";
import type { Ending, TlsStreamOwner } from "../system/stream-owner.ts";
import { tlsErrorMessage } from "../system/tls-errors.ts";
import { TlsStream } from "../system/tls-stream.ts";
import type { Attempt, OnReached, OnResult } from "./checker.ts";
import type { Conversation, TunnelConversation, TunnelFactory, Verdict } from "./conversation.ts";
import type { ExchangePlan } from "./exchange-plan.ts";
import { Stopwatch } from "./stopwatch.ts";

const SWITCHING_PROTOCOLS = 101;
const CLOSED_IN_HANDSHAKE = "closed by peer during the handshake";

/** Detail of a failure beside its code; see the fields of `Failure`. */
type FailureDetail = "none" | "interrupted" | "late";

type Phase = "connect" | "tunnel" | "tls" | "talk" | "over";

/**
 * One running check over TCP: connects, opens a tunnel if a proxy is in the way, negotiates TLS, runs the conversation, and reports the result with the time of
 * each phase.
 */
export class Exchange implements Attempt, DialOwner, TlsStreamOwner {
  readonly #plan: ExchangePlan;
  readonly #timeoutMs: number;
  readonly #done: OnResult;
  readonly #reached: OnReached | undefined;
  readonly #stopwatch: Stopwatch;
  readonly #dial: PendingConnection;
  #phase: Phase = "connect";
  #stream: PlainStream | undefined;
  #tlsStream: TlsStream | undefined;
  #tunnel: TunnelConversation | undefined;
  #conversation: Conversation | undefined;
  #answering = false;
  /** True if the kernel times every phase of this check: its duration holds no delay of this process. */
  #timedByKernel = false;
  /**
   * Time at which the backend had the complete request, and the kernel's arrival times of the first and newest bytes;
   * `performance.now()`.
   */
  #askedMs = 0;
  #firstMs: number | undefined;
  #newestMs: number | undefined;

  constructor(plan: ExchangePlan, timeoutMs: number, done: OnResult, reached?: OnReached) {
    this.#plan = plan;
    this.#timeoutMs = timeoutMs;
    this.#done = done;
    this.#reached = reached;
    this.#stopwatch = new Stopwatch(plan.env.clock, "connectMs");
    this.#dial = plan.env.dialer.dial(plan.sockAddr, this, plan.handshake);
  }

  expire(): CheckResult {
    const within = `within ${formatDuration(this.#timeoutMs)}`;
    const result = this.#late(within);
    this.#release("reset");
    return result;
  }

  cancel(): void {
    this.#release(this.#phase === "talk" ? this.#plan.close : "reset");
  }

  connected(dial: PendingConnection, rttMs: number | undefined): void {
    const { env, tls, conversationFactory, close, tunnel } = this.#plan;
    this.#reached?.();
    if (rttMs !== undefined && rttMs > this.#timeoutMs) {
      this.#phase = "over";
      env.dialer.close(dial, "reset");
      const message = `${this.#plan.connectSubject}: ${this.#tooLate(rttMs)}`;
      this.#done(this.#failure("L4TOUT", message, "late", rttMs));
      return;
    }
    if (tls === undefined && conversationFactory === undefined) {
      this.#phase = "over";
      env.dialer.close(dial, close);
      this.#done(this.#success("L4OK", this.#plan.connectedMessage, rttMs));
      return;
    }
    try {
      if (tls === undefined) this.#talkPlainly(dial, rttMs);
      else if (tunnel === undefined) this.#negotiate(tls, rttMs);
      else this.#openTunnel(tunnel, rttMs);
    } catch (error) {
      if (this.#stream === undefined && this.#tlsStream === undefined) env.dialer.close(dial, "reset");
      this.crashed(error instanceof Error ? error : new Error(String(error)));
    }
  }

  failed(number: number, setup?: SetupFailure): void {
    const local = setup?.cause ?? localCause(number);
    const message = `${this.#plan.connectSubject}: ${setup?.message ?? errnoMessage(number)}`;
    if (local !== undefined) this.#finish(inconclusive(local, message, setup?.noRoute));
    else this.#finish(this.#failure(number === ETIMEDOUT ? "L4TOUT" : "L4CON", message));
  }

  opened(atMs: number): void {
    if (this.#phase !== "tls") return;
    this.#stopwatch.next("firstByteMs", this.#sinceAskedMs(atMs));
    this.#phase = "talk";
    this.#askedMs = performance.now();
    this.#talk();
  }

  received(bytes: Uint8Array, atMs: number | undefined): void {
    if (this.#tunnel !== undefined) {
      this.#readTunnel(this.#tunnel, bytes, atMs);
      return;
    }
    if (this.#conversation === undefined) return;
    if (!this.#answering) {
      this.#stopwatch.next("transferMs", atMs === undefined ? undefined : this.#sinceAskedMs(atMs));
      this.#firstMs = atMs;
    }
    this.#newestMs = atMs;
    this.#answering = true;
    this.#conclude(this.#conversation.received(bytes));
  }

  /** With TLS an arrival is known only roughly; then it was certainly not later than this process noticed it. */
  #sinceAskedMs(atMs: number): number {
    const spentMs = atMs - this.#askedMs;
    return this.#tlsStream === undefined ? spentMs : Math.min(spentMs, this.#stopwatch.elapsedMs);
  }

  closed(number: number | undefined, message = "closed by peer"): void {
    if (this.#phase === "tls") {
      this.#interrupt("L6RSP", `${this.#plan.tlsSubject()}: ${CLOSED_IN_HANDSHAKE}`);
      return;
    }
    const verdict = number === 0 ? this.#current?.closed() : undefined;
    if (verdict?.ok === true) {
      this.#conclude(verdict);
      return;
    }
    const local = number === undefined || number === 0 ? undefined : localCause(number);
    const reason =
      verdict?.message ??
      (number === undefined || number === 0 ? message : `${errnoMessage(number)}${this.#cutOffAt()}`);
    const sentence = `${this.#subject()}: ${reason}`;
    if (local !== undefined) this.#finish(inconclusive(local, sentence));
    else this.#interrupt(verdict?.code ?? "L7RSP", sentence);
  }

  tlsFailed(error: Error): void {
    // When the peer closes in the middle of a handshake, the runtime reports ECONNRESET with a message without that name.
    if (errnoOf(error) === 0) {
      const subject = this.#phase === "tls" ? this.#plan.tlsSubject() : this.#plan.tlsPeer();
      this.#finish(this.#failure("L6RSP", `${subject}: ${tlsErrorMessage(error.message)}`));
    } else this.#interrupt("L6RSP", `${this.#plan.tlsSubject()}: ${CLOSED_IN_HANDSHAKE}`);
  }

  crashed(error: Error): void {
    const reason = error instanceof CaBundleError ? error.message : describeError(error);
    const subject = this.#phase === "tls" ? this.#plan.tlsSubject() : this.#subject();
    this.#finish(inconclusive("fault", `${subject}: ${reason}`));
  }

  /** The current conversation: with the proxy first, then with the backend. */
  get #current(): Conversation | undefined {
    return this.#tunnel ?? this.#conversation;
  }

  /** Asks the proxy for a tunnel. Its time counts as a part of connecting. */
  #openTunnel(factory: TunnelFactory, rttMs: number | undefined): void {
    this.#stopwatch.next("connectMs", rttMs);
    this.#phase = "tunnel";
    // TLS reads the connection after this, and must find all that belongs to it.
    this.#stream = this.#plan.env.dialer.converse(this.#dial, this, "exact");
    this.#tunnel = factory.begin();
    this.#askedMs = performance.now();
    this.#stream.write(this.#tunnel.request);
  }

  #readTunnel(tunnel: TunnelConversation, bytes: Uint8Array, atMs: number | undefined): void {
    this.#answering = true;
    const verdict = tunnel.received(bytes);
    // The bytes behind an answer that opens no tunnel are the proxy's, too.
    this.#stream?.take(verdict?.ok === true ? tunnel.takenBytes : bytes.length);
    if (verdict === undefined) return;
    const spentMs = atMs === undefined ? undefined : atMs - this.#askedMs;
    const { tls } = this.#plan;
    if (!verdict.ok) {
      const message = `${this.#subject()}: ${verdict.message}`;
      this.#finish(this.#failure(verdict.code, message, "none", spentMs), true);
    } else if (tls !== undefined) {
      this.#tunnel = undefined;
      this.#answering = false;
      this.#negotiate(tls, spentMs);
    }
  }

  /** Starts TLS. @param spentMs - duration of the phase before it, where it is known more precisely than by the clock */
  #negotiate(tls: TlsSpec, spentMs: number | undefined): void {
    const { env } = this.#plan;
    this.#stopwatch.next("tlsMs", spentMs);
    this.#phase = "tls";
    const options = env.tls.options(tls);
    this.#stream?.detach();
    this.#stream = undefined;
    this.#askedMs = performance.now();
    this.#tlsStream = new TlsStream(env.dialer, this.#dial, options, this);
  }

  #talkPlainly(dial: PendingConnection, rttMs: number | undefined): void {
    this.#stopwatch.next("firstByteMs", rttMs);
    this.#phase = "talk";
    this.#timedByKernel = rttMs !== undefined;
    this.#stream = this.#plan.env.dialer.converse(dial, this);
    this.#conversation = this.#plan.conversationFactory?.begin();
    const request = this.#conversation?.request;
    const nowMs = performance.now();
    // A backend that speaks first does so from the handshake on, which we may notice later.
    this.#askedMs = request === undefined && rttMs !== undefined ? dial.startMs + rttMs : nowMs;
    if (request !== undefined) this.#stream.write(request);
  }

  /** The connection is open and secured. */
  #talk(): void {
    this.#conversation = this.#plan.conversationFactory?.begin();
    if (this.#conversation === undefined) this.#finish(this.#success("L6OK", this.#plan.connectedMessage));
    else if (this.#conversation.request !== undefined) this.#tlsStream?.write(this.#conversation.request);
  }

  #late(within: string): CheckResult {
    if (this.#phase === "connect") {
      return this.#failure("L4TOUT", `${this.#plan.connectSubject}: no answer ${within}`);
    }
    if (!this.#answering && this.#tlsStream?.hasUnread === true) {
      return inconclusive("stalled", `${this.#subject()}: its answer came and was not read ${within}`);
    }
    if (this.#phase === "tls") {
      return this.#failure("L6TOUT", `${this.#plan.tlsSubject()}: not finished ${within}`);
    }
    const progress = this.#current?.progress() ?? "";
    const what = progress === "" ? "no answer" : `answer not complete (${progress})`;
    return this.#failure("L7TOUT", `${this.#subject()}: ${what} ${within}`);
  }

  #conclude(verdict: Verdict | undefined): void {
    if (verdict === undefined) return;
    const spentMs =
      this.#firstMs === undefined || this.#newestMs === undefined
        ? undefined
        : this.#newestMs - this.#firstMs;
    const tookMs = this.#stopwatch.totalMs + (spentMs ?? 0);
    if (this.#timedByKernel && spentMs !== undefined && tookMs > this.#timeoutMs) {
      const message = `${this.#subject()}: ${this.#tooLate(tookMs)}`;
      this.#finish(this.#failure("L7TOUT", message, "late", spentMs), true);
    } else if (verdict.ok) {
      this.#finish(this.#success("L7OK", this.#plan.successMessage(verdict.message), spentMs), true);
    } else {
      const message = `${this.#subject()}: ${verdict.message}`;
      this.#finish(this.#failure(verdict.code, message, "none", spentMs), true);
    }
  }

  /** Message for an answer that this process reads before the check expires, and that by the kernel's timestamps came too late. */
  #tooLate(tookMs: number): string {
    return `answered after ${formatDuration(tookMs)}, not within ${formatDuration(this.#timeoutMs)}`;
  }

  /** Describes the part of an answer that came before a reset, as the end of a sentence; empty when nothing did. */
  #cutOffAt(): string {
    const progress = this.#current?.progress() ?? "";
    return progress === "" ? "" : `, answer not complete (${progress})`;
  }

  /** The other side closed before it had answered. */
  #interrupt(code: FailureCode, message: string): void {
    if (this.#phase !== "over") this.#finish(this.#failure(code, message, "interrupted"));
  }

  /**
   * Closes the connection. @param complete - true when the peer has sent its whole answer, so that the connection ends
   * as planned
   */
  #finish(result: CheckResult, complete: boolean = result.outcome === "success"): void {
    if (this.#phase === "over") return;
    this.#release(complete ? this.#plan.close : "reset", complete);
    this.#done(result);
  }

  #release(how: Ending, complete = false): void {
    if (this.#phase === "connect") this.#plan.env.dialer.cancel(this.#dial);
    this.#phase = "over";
    // After an upgrade the backend waits for frames of the other protocol, and for our end.
    const ending =
      how === "drain" && this.#conversation?.statusCode === SWITCHING_PROTOCOLS ? "graceful" : how;
    this.#stream?.end(ending);
    this.#tlsStream?.end(complete && ending === "reset" ? "notify" : ending);
    this.#stream = undefined;
    this.#tlsStream = undefined;
  }

  #success(code: SuccessCode, message: string, spentMs?: number): CheckResult {
    const { durationMs, phases } = this.#stopwatch.stop(spentMs);
    return {
      outcome: "success",
      code,
      message,
      statusCode: this.#conversation?.statusCode,
      durationMs,
      phases,
    };
  }

  #failure(
    code: FailureCode,
    message: string,
    detail: FailureDetail = "none",
    spentMs?: number,
  ): CheckResult {
    const statusCode = this.#current?.statusCode;
    const { durationMs, phases } = this.#stopwatch.stop(spentMs);
    const interrupted = detail === "interrupted";
    const late = detail === "late";
    return { outcome: "failure", code, message, interrupted, late, statusCode, durationMs, phases };
  }

  #subject(): string {
    const { tunnel, subject } = this.#plan;
    return this.#tunnel === undefined ? subject : (tunnel?.subject ?? subject);
  }
}
