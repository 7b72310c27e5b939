/**
 * One request over UDP and what comes back, with its time by the kernel and a code for each failure: the steps of every check that runs over UDP
 * alone. Used by the udp and radius checkers.
 */
import { formatDuration } from "../model/duration.ts";
import { describeError } from "../model/format-value.ts";
import { type CheckResult, inconclusive } from "../model/result.ts";
import type { Address, SocketOptions } from "../model/spec.ts";
import { errnoMessage, localCause } from "../system/errno.ts";
import type { SockAddr } from "../system/sockaddr.ts";
import { targetAddress } from "../system/socket-options.ts";
import type { SetupFailure } from "../system/socket-setup.ts";
import type { UdpConnection, UdpOwner } from "../system/udp.ts";
import type { Attempt, CancelTimer, CheckerEnv, OnResult } from "./checker.ts";
import type { Verdict } from "./conversation.ts";
import { Stopwatch, type Times } from "./stopwatch.ts";

/** A datagram without an answer is sent again after half of the timeout, or this. */
const MAX_RESEND_MS = 1_000;

/** A request and the meaning of what comes back, sans-I/O. */
export interface DatagramConversation {
  /** Sent at the start, and once more if nothing decides. */
  readonly request: Uint8Array;
  /**
   * Reads one datagram.
   *
   * @param bytes - the whole datagram, maybe empty; valid during the call only
   * @returns the verdict, or undefined when this datagram decides nothing
   */
  received(bytes: Uint8Array): Verdict | undefined;
  /**
   * Returns the verdict when the timeout has passed and nothing has decided. A good one is `L4OK`: no answer proves more.
   *
   * @param within - the end of the sentence: `within 3s`
   */
  expired(within: string): Verdict;
}

/** Everything about a healthcheck's datagrams that stays the same from one check to the next. */
export class DatagramPlan {
  readonly sockAddr: SockAddr;
  #detail = "";
  #sentence = "";

  /**
   * Prepares the exchanges of one healthcheck.
   *
   * @param socket - options of the socket; undefined for none
   * @param subject - begins every sentence: `UDP send to 10.0.0.1:53`
   */
  constructor(
    readonly env: CheckerEnv,
    address: Address,
    socket: SocketOptions | undefined,
    readonly subject: string,
  ) {
    this.sockAddr = targetAddress(address, socket);
  }

  /** Returns `UDP send to 10.0.0.1:53: DETAIL`; sentences that are alike, one after the other, share one string. */
  sentence(detail: string): string {
    if (detail === this.#detail) return this.#sentence;
    this.#detail = detail;
    this.#sentence = `${this.subject}: ${detail}`;
    return this.#sentence;
  }
}

/** One running check over UDP, from a socket of its own. */
export class DatagramExchange implements Attempt, UdpOwner {
  readonly #plan: DatagramPlan;
  readonly #conversation: DatagramConversation;
  readonly #timeoutMs: number;
  readonly #done: OnResult;
  readonly #stopwatch: Stopwatch;
  readonly #startMs: number;
  readonly #socket: UdpConnection;
  /** Time of the first send on the clock of `performance.now()`; milliseconds. */
  readonly #sentMs: number;
  readonly #cancelResend: CancelTimer;
  #hasReceived = false;

  /** Sends the request. @param timeoutMs - of the check, above 0 */
  constructor(plan: DatagramPlan, conversation: DatagramConversation, timeoutMs: number, done: OnResult) {
    const { env, sockAddr } = plan;
    const { request } = conversation;
    this.#plan = plan;
    this.#conversation = conversation;
    this.#timeoutMs = timeoutMs;
    this.#done = done;
    this.#startMs = env.clock.nowMs();
    this.#stopwatch = new Stopwatch(env.clock, "firstByteMs");
    const socket = env.dialer.openUdp(sockAddr, this);
    this.#socket = socket;
    this.#sentMs = performance.now();
    socket.send(request);
    this.#cancelResend = env.after(Math.min(MAX_RESEND_MS, timeoutMs / 2), () => socket.send(request));
  }

  expire(): CheckResult {
    this.#release();
    const { durationMs, phases } = this.#stopwatch.stop();
    const verdict = this.#conversation.expired(`within ${formatDuration(this.#timeoutMs)}`);
    const message = this.#plan.sentence(verdict.message);
    return verdict.ok
      ? // No answer, so there is no time to its first byte.
        { outcome: "success", code: "L4OK", message, durationMs, phases: {} }
      : {
          outcome: "failure",
          code: verdict.code,
          message,
          unanswered: !this.#hasReceived,
          durationMs,
          phases,
        };
  }

  cancel(): void {
    this.#release();
  }

  received(bytes: Uint8Array, atMs: number | undefined): void {
    this.#hasReceived = true;
    // The deadline is enforced by ticks, so a late answer may be read before the check ends.
    if (atMs !== undefined && this.#isLate(atMs)) return;
    const verdict = this.#conversation.received(bytes);
    if (verdict === undefined) return;
    const message = this.#plan.sentence(verdict.message);
    const times = this.#timesUntil(atMs);
    this.#finish(
      verdict.ok
        ? { outcome: "success", code: "L7OK", message, ...times }
        : { outcome: "failure", code: verdict.code, message, ...times },
    );
  }

  failed(number: number, detail: string, setup?: SetupFailure): void {
    const reason = setup?.message ?? errnoMessage(number);
    const message = this.#plan.sentence(detail === "" ? reason : `${reason} (${detail})`);
    const cause = setup?.cause ?? localCause(number);
    this.#finish(
      cause === undefined
        ? { outcome: "failure", code: "L4CON", message, ...this.#timesUntil(undefined) }
        : inconclusive(cause, message, setup?.noRoute),
    );
  }

  crashed(error: Error): void {
    this.#finish(inconclusive("fault", this.#plan.sentence(describeError(error))));
  }

  /** The check's clock excludes stalls of this process, so a stall makes no answer late. @param atMs - on the clock of `performance.now()` */
  #isLate(atMs: number): boolean {
    const agoMs = performance.now() - atMs;
    return this.#plan.env.clock.nowMs() - this.#startMs - agoMs > this.#timeoutMs;
  }

  /** @param atMs - the kernel's receive time of the answer; undefined when it is unknown */
  #timesUntil(atMs: number | undefined): Times {
    return this.#stopwatch.stop(atMs === undefined ? undefined : atMs - this.#sentMs);
  }

  #finish(result: CheckResult): void {
    this.#release();
    this.#done(result);
  }

  #release(): void {
    this.#cancelResend();
    this.#socket.close();
  }
}
