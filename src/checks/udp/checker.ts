/**
 * The udp checker: sends one datagram from a socket of its own, once more if nothing comes back, and the first datagram of the backend or the
 * first ICMP error decides.
 */
import { formatDuration } from "../../model/duration.ts";
import { describeError } from "../../model/format-value.ts";
import { type CheckResult, inconclusive } from "../../model/result.ts";
import { formatAddress } from "../../model/spec.ts";
import { byteSecrets, type Secrets } from "../../redaction/secrets.ts";
import { errnoMessage, localCause } from "../../system/errno.ts";
import type { SockAddr } from "../../system/sockaddr.ts";
import { targetAddress } from "../../system/socket-options.ts";
import type { SetupFailure } from "../../system/socket-setup.ts";
import type { UdpConnection, UdpOwner } from "../../system/udp.ts";
import type { Attempt, CancelTimer, Checker, CheckerEnv, OnResult } from "../checker.ts";
import { Stopwatch, type Times } from "../stopwatch.ts";
import { validateDatagram } from "./answer.ts";
import type { UdpSpec } from "./spec.ts";

/** A datagram without an answer is sent again after half of the timeout, or this. */
const MAX_RESEND_MS = 1_000;

/** Makes a udp checker. */
export function udpChecker(spec: UdpSpec, env: CheckerEnv): Checker {
  const plan = new UdpPlan(spec, env);
  return { start: (timeoutMs, done) => new UdpAttempt(plan, timeoutMs, done) };
}

/** Everything about a healthcheck's datagrams that stays the same from one check to the next. */
class UdpPlan {
  readonly sockAddr: SockAddr;
  readonly request: Uint8Array;
  readonly expected: Buffer;
  readonly needsAnswer: boolean;
  readonly #subject: string;
  readonly #secrets: Secrets | undefined;
  #detail = "";
  #sentence = "";

  constructor(
    spec: UdpSpec,
    readonly env: CheckerEnv,
  ) {
    const { address, socket, send, receive, expect } = spec;
    this.sockAddr = targetAddress(address, socket);
    this.request = send ?? new Uint8Array();
    this.expected = Buffer.from(receive ?? []);
    this.needsAnswer = expect === "answer";
    this.#subject = `UDP send to ${formatAddress(address)}`;
    this.#secrets = send === undefined ? undefined : byteSecrets(send);
  }

  /** Compares a datagram with the expected beginning. */
  validate(bytes: Uint8Array) {
    return validateDatagram(bytes, this.expected, this.#secrets);
  }

  /** Returns `UDP send to 10.0.0.1:53: DETAIL`; sentences that are alike, one after the other, share one string. */
  sentence(detail: string): string {
    if (detail === this.#detail) return this.#sentence;
    this.#detail = detail;
    this.#sentence = `${this.#subject}: ${detail}`;
    return this.#sentence;
  }
}

/** One running check over UDP. */
class UdpAttempt implements Attempt, UdpOwner {
  readonly #plan: UdpPlan;
  readonly #timeoutMs: number;
  readonly #done: OnResult;
  readonly #stopwatch: Stopwatch;
  readonly #startMs: number;
  readonly #socket: UdpConnection;
  /** Time of the first send on the clock of `performance.now()`; milliseconds. */
  readonly #sentMs: number;
  readonly #cancelResend: CancelTimer;

  constructor(plan: UdpPlan, timeoutMs: number, done: OnResult) {
    const { env, sockAddr, request } = plan;
    this.#plan = plan;
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
    const within = `within ${formatDuration(this.#timeoutMs)}`;
    if (!this.#plan.needsAnswer) {
      // No answer, so there is no time to its first byte.
      const message = this.#plan.sentence(`no ICMP error ${within}`);
      return { outcome: "success", code: "L4OK", message, durationMs, phases: {} };
    }
    const message = this.#plan.sentence(`no answer ${within}`);
    return { outcome: "failure", code: "L4TOUT", message, durationMs, phases };
  }

  cancel(): void {
    this.#release();
  }

  received(bytes: Uint8Array, atMs: number | undefined): void {
    // The deadline is enforced by ticks, so a late answer may be read before the check ends.
    if (atMs !== undefined && this.#isLate(atMs)) return;
    const verdict = this.#plan.validate(bytes);
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
        : inconclusive(cause, message),
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
