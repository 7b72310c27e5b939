/** The icmp checker: sends echo requests until one is answered, an ICMP error ends the check, or the time is up. */
import { formatDuration } from "../../model/duration.ts";
import { describeError } from "../../model/format-value.ts";
import { type CheckResult, type FailureCode, inconclusive } from "../../model/result.ts";
import type { EchoHandle, EchoOutcome, EchoOwner, EchoTarget } from "../../system/echo-request.ts";
import { EPERM, errnoMessage, localCause } from "../../system/errno.ts";
import type { Attempt, CancelTimer, Checker, CheckerEnv, OnResult } from "../checker.ts";
import { Stopwatch } from "../stopwatch.ts";
import type { IcmpSpec } from "./spec.ts";
import { echoTarget } from "./target.ts";

/** Longest time to wait for an answer before the next request is sent. */
const MAX_RESEND_MS = 1_000;
/** Reason for EPERM of a send: an output rule of netfilter or BPF. */
const FIREWALL = "blocked by a firewall of this host";

/** Everything about a healthcheck's pings that stays the same from one to the next. */
interface EchoPlan {
  readonly env: CheckerEnv;
  readonly target: EchoTarget;
  readonly count: number;
  /** `ICMP echo to 10.0.0.1` */
  readonly subject: string;
  readonly answered: string;
}

/** Makes an icmp checker. */
export function icmpChecker(spec: IcmpSpec, env: CheckerEnv): Checker {
  const subject = `ICMP echo to ${spec.ip}`;
  const plan = {
    env,
    target: echoTarget(spec),
    count: spec.count,
    subject,
    answered: `${subject}: answered`,
  };
  return { start: (timeoutMs, done) => new EchoAttempt(plan, timeoutMs, done) };
}

/** One running check. */
class EchoAttempt implements Attempt, EchoOwner {
  readonly #plan: EchoPlan;
  readonly #timeoutMs: number;
  readonly #done: OnResult;
  readonly #stopwatch: Stopwatch;
  readonly #startMs: number;
  readonly #requests: EchoHandle[] = [];
  #cancelTimer: CancelTimer | undefined;

  constructor(plan: EchoPlan, timeoutMs: number, done: OnResult) {
    this.#plan = plan;
    this.#timeoutMs = timeoutMs;
    this.#done = done;
    this.#startMs = plan.env.clock.nowMs();
    this.#stopwatch = new Stopwatch(plan.env.clock, "firstByteMs");
    this.#ask();
  }

  settled(request: EchoHandle): void {
    const result = this.#resultOf(request);
    if (result === undefined) return;
    this.cancel();
    this.#done(result);
  }

  crashed(error: Error): void {
    this.cancel();
    this.#done(inconclusive("fault", `${this.#plan.subject}: ${describeError(error)}`));
  }

  expire(): CheckResult {
    const silences = this.#requests.map((request) => request.expire());
    const result = this.#known();
    this.cancel();
    if (result !== undefined) return result;
    const { subject } = this.#plan;
    const within = `within ${formatDuration(this.#timeoutMs)}`;
    if (silences.includes("unread"))
      return inconclusive("stalled", `${subject}: not all answers that came were read ${within}`);
    if (silences.includes("overflown"))
      return inconclusive(
        "memory",
        `${subject}: the receive buffer of the ICMP socket overflowed; raise net.core.rmem_max`,
      );
    const count = this.#requests.length;
    return this.#failure(
      "L4TOUT",
      count === 1 ? `no answer ${within}` : `no answer to ${count} requests ${within}`,
    );
  }

  cancel(): void {
    this.#cancelTimer?.();
    for (const request of this.#requests) request.cancel();
  }

  /** The result of the requests that have an outcome: one answer is enough. */
  #known(): CheckResult | undefined {
    const answer = this.#requests.find(({ outcome }) => outcome?.kind === "answer");
    const found = answer === undefined ? undefined : this.#resultOf(answer);
    if (found !== undefined) return found;
    const failed = this.#requests.find(({ outcome }) => outcome !== undefined && outcome.kind !== "answer");
    return failed === undefined ? undefined : this.#resultOf(failed);
  }

  #ask(): void {
    const { env, target, count } = this.#plan;
    this.#requests.push(env.dialer.sendEcho(target, this));
    if (this.#requests.length >= count) return;
    this.#cancelTimer = env.after(Math.min(MAX_RESEND_MS, this.#timeoutMs / count), () => this.#ask());
  }

  /** The result that a request decides; undefined while it decides nothing. */
  #resultOf({ outcome, askedMs }: EchoHandle): CheckResult | undefined {
    switch (outcome?.kind) {
      case "answer":
        return this.#answered(outcome, askedMs);
      case "icmp-error":
        return this.#failure("L4CON", outcome.message);
      case "not-sent":
        return this.#notSent(outcome);
      default:
        return undefined;
    }
  }

  #answered(
    { payloadBytes, atMs }: Extract<EchoOutcome, { readonly kind: "answer" }>,
    askedMs: number,
  ): CheckResult | undefined {
    if (atMs !== undefined && this.#isLate(atMs)) return undefined;
    const { target, answered } = this.#plan;
    const roundTripMs = atMs === undefined ? undefined : atMs - askedMs;
    if (payloadBytes !== target.payloadBytes)
      return this.#failure(
        "L7RSP",
        `answered with ${payloadBytes} bytes instead of ${target.payloadBytes}`,
        roundTripMs,
      );
    const { durationMs, phases } = this.#stopwatch.stop(roundTripMs);
    return { outcome: "success", code: "L4OK", message: answered, durationMs, phases };
  }

  #notSent({ number, setup }: Extract<EchoOutcome, { readonly kind: "not-sent" }>): CheckResult {
    const cause = setup?.cause ?? localCause(number);
    const firewall = setup === undefined && number === EPERM ? ` (${FIREWALL})` : "";
    const reason = setup?.message ?? `${errnoMessage(number)}${firewall}`;
    if (cause === undefined) return this.#failure("L4CON", reason);
    return inconclusive(cause, `${this.#plan.subject}: ${reason}`, setup?.noRoute);
  }

  /** The check's clock excludes stalls of this process, so a stall makes no answer late. */
  #isLate(atMs: number): boolean {
    const agoMs = performance.now() - atMs;
    return this.#plan.env.clock.nowMs() - this.#startMs - agoMs > this.#timeoutMs;
  }

  #failure(code: FailureCode, reason: string, spentMs?: number): CheckResult {
    const { durationMs, phases } = this.#stopwatch.stop(spentMs);
    return { outcome: "failure", code, message: `${this.#plan.subject}: ${reason}`, durationMs, phases };
  }
}
