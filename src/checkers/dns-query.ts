/**
 * One question put to one server: over UDP, once more when it gets lost, and over TCP when the answer does not fit.
 * The dns checker puts one query after another until it knows.
 */

import { randomInt } from "node:crypto";
import { formatDuration } from "../model/duration.ts";
import { type CheckResult, type FailureCode, inconclusive } from "../model/result.ts";
import { errorWords } from "../model/show.ts";
import { type Address, formatAddress, type QueryType } from "../model/spec.ts";
import { errnoWords, localCause } from "../system/errno.ts";
import { type UdpOwner, UdpSocket } from "../system/udp.ts";
import type { Attempt, CancelTimer, CheckerEnv, Done } from "./checker.ts";
import type { Verdict } from "./conversation.ts";
import { encodeQuestion, judgeAnswer, type Question, readReply } from "./dns-message.ts";
import { DnsTcpConversation } from "./dns-tcp.ts";
import { Exchange, ExchangePlan } from "./exchange.ts";
import { Stopwatch } from "./stopwatch.ts";

/** A datagram that got lost is sent again after half of the time, or this. */
const RESEND_MS = 1_000;

/** What to ask whom. */
export interface QueryPlan {
  readonly env: CheckerEnv;
  readonly server: Address;
  readonly name: string;
  readonly type: QueryType;
  readonly expectedIps: readonly string[];
  /** How long this query may take. */
  readonly timeoutMs: number;
}

/** See the head of the file. Unlike other attempts it may be asked for its result by whoever bounds it. */
export class DnsQuery implements Attempt, UdpOwner {
  readonly #plan: QueryPlan;
  readonly #done: Done;
  readonly #subject: string;
  readonly #question: Question;
  readonly #stopwatch: Stopwatch;
  readonly #socket: UdpSocket;
  readonly #cancelResend: CancelTimer;
  #rcode: string | undefined;
  #exchange: Exchange | undefined;
  #strays = 0;
  #lastStray = "";
  #over = false;

  constructor(plan: QueryPlan, done: Done) {
    this.#plan = plan;
    this.#done = done;
    this.#subject = `DNS ${plan.type} ${plan.name} @${formatAddress(plan.server)}`;
    this.#question = { id: randomInt(0x1_0000), name: plan.name, type: plan.type };
    this.#stopwatch = new Stopwatch(plan.env.clock, "firstByteMs");
    this.#socket = new UdpSocket(plan.env.descriptors, plan.server, this);
    const datagram = encodeQuestion(this.#question);
    this.#socket.send(datagram);
    const resendMs = Math.min(RESEND_MS, plan.timeoutMs / 2);
    this.#cancelResend = plan.env.after(resendMs, () => this.#socket.send(datagram));
  }

  /** The response code of the answer, `NXDOMAIN`; undefined when none came over UDP. */
  get rcode(): string | undefined {
    return this.#rcode;
  }

  expire(): CheckResult {
    const result = this.#exchange?.expire() ?? this.#unanswered();
    this.#release();
    return result;
  }

  cancel(): void {
    this.#exchange?.cancel();
    this.#release();
  }

  received(bytes: Uint8Array): void {
    const reply = readReply(bytes, this.#question);
    switch (reply.kind) {
      case "stray":
        // It may be a latecomer or a forgery: the true answer can still come.
        this.#strays++;
        this.#lastStray = reply.why;
        return;
      case "truncated":
        this.#askOverTcp();
        return;
      case "answer":
        this.#rcode = reply.rcode;
        this.#judge(judgeAnswer(reply.rcode, reply.answers, this.#question, this.#plan.expectedIps));
    }
  }

  failed(number: number, error: Error): void {
    const message = `${this.#subject}: ${number === 0 ? errorWords(error) : errnoWords(number)}`;
    const local = number === 0 ? "fault" : localCause(number);
    this.#finish(local === undefined ? this.#failure("L4CON", message) : inconclusive(local, message));
  }

  #askOverTcp(): void {
    if (this.#exchange !== undefined) return;
    this.#socket.close();
    this.#cancelResend();
    const { env, server, expectedIps, timeoutMs } = this.#plan;
    const dialogue = {
      subject: `${this.#subject} over TCP`,
      begin: () => new DnsTcpConversation(this.#question, expectedIps),
    };
    const plan = new ExchangePlan(env, server, undefined, dialogue, "reset");
    this.#exchange = new Exchange(plan, timeoutMs, (result) => this.#finish(result));
  }

  #unanswered(): CheckResult {
    const within = `within ${formatDuration(this.#plan.timeoutMs)}`;
    if (this.#strays === 0) return this.#failure("L7TOUT", `${this.#subject}: no answer ${within}`);
    return this.#failure("L7RSP", `${this.#subject}: no valid answer ${within}, only ${this.#lastStray}`);
  }

  #judge(verdict: Verdict): void {
    const message = `${this.#subject}: ${verdict.message}`;
    if (!verdict.ok) this.#finish(this.#failure(verdict.code, message));
    else this.#finish({ outcome: "success", code: "L7OK", message, ...this.#stopwatch.stop() });
  }

  #failure(code: FailureCode, message: string): CheckResult {
    return { outcome: "failure", code, message, ...this.#stopwatch.stop() };
  }

  #finish(result: CheckResult): void {
    if (this.#over) return;
    this.#release();
    this.#done(result);
  }

  #release(): void {
    this.#over = true;
    this.#cancelResend();
    this.#socket.close();
  }
}
