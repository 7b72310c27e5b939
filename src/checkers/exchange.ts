/**
 * Connect, TLS, talk: the way of every check that runs over TCP, with the phases timed apart and each failure given its
 * code. Used by the tcp, http and dns checkers.
 *
 * The connect phase is taken from the kernel's own measurement where there is one, so a busy event loop does not show
 * in the duration; the time between the kernel's and our noticing is no phase and is left out.
 */

import { formatDuration } from "../model/duration.ts";
import type { CheckResult, FailureCode, SuccessCode } from "../model/result.ts";
import { inconclusive } from "../model/result.ts";
import { errorWords } from "../model/show.ts";
import { type Address, formatAddress, type TlsSpec } from "../model/spec.ts";
import { AuthoritiesError } from "../system/authorities.ts";
import type { Dial, DialOwner } from "../system/dialer.ts";
import { ECONNRESET, ETIMEDOUT, errnoOf, errnoWords, localCause } from "../system/errno.ts";
import { type SockAddr, sockAddr } from "../system/sockaddr.ts";
import { Stream, type StreamOwner } from "../system/stream.ts";
import { tlsWords } from "../system/tls-words.ts";
import type { Attempt, CheckerEnv, Done } from "./checker.ts";
import type { Conversation, Dialogue, Verdict } from "./conversation.ts";
import { Stopwatch } from "./stopwatch.ts";

const CLOSED_IN_HANDSHAKE = "closed by peer during the handshake";

/** Everything about a healthcheck's exchanges that stays the same from one to the next. */
export class ExchangePlan {
  readonly target: string;
  readonly sockAddr: SockAddr;
  /** The result of a bare connect never differs but in its times. */
  readonly connectedMessage: string;

  /**
   * @param tls - undefined for plain text
   * @param dialogue - undefined when an open connection is all that is asked for
   * @param close - how a finished exchange ends
   */
  constructor(
    readonly env: CheckerEnv,
    readonly address: Address,
    readonly tls: TlsSpec | undefined,
    readonly dialogue: Dialogue | undefined,
    readonly close: "reset" | "graceful",
  ) {
    this.target = formatAddress(address);
    this.sockAddr = sockAddr(address);
    this.connectedMessage =
      tls === undefined ? `TCP connect to ${this.target}: connected` : `${this.tlsSubject()}: connected`;
  }

  /** `TLS handshake with 10.0.0.1:443 (www.example.com)` */
  tlsSubject(): string {
    return `TLS handshake with ${this.#peer()}`;
  }

  /** `TLS with 10.0.0.1:443 (www.example.com)`, of what goes wrong after the handshake. */
  tlsPeer(): string {
    return `TLS with ${this.#peer()}`;
  }

  #peer(): string {
    const name = this.tls?.serverName;
    return name === undefined || name === this.address.ip ? this.target : `${this.target} (${name})`;
  }
}

type Phase = "connect" | "tls" | "talk" | "over";

/** One check under way; see the head of the file. */
export class Exchange implements Attempt, DialOwner, StreamOwner {
  readonly #plan: ExchangePlan;
  readonly #timeoutMs: number;
  readonly #done: Done;
  readonly #stopwatch: Stopwatch;
  readonly #dial: Dial;
  #phase: Phase = "connect";
  #stream: Stream | undefined;
  #conversation: Conversation | undefined;
  #answering = false;

  constructor(plan: ExchangePlan, timeoutMs: number, done: Done) {
    this.#plan = plan;
    this.#timeoutMs = timeoutMs;
    this.#done = done;
    this.#stopwatch = new Stopwatch(plan.env.clock, "connectMs");
    this.#dial = plan.env.dialer.dial(plan.sockAddr, this);
  }

  expire(): CheckResult {
    const within = `within ${formatDuration(this.#timeoutMs)}`;
    const result = this.#late(within);
    this.#release("reset");
    return result;
  }

  cancel(): void {
    this.#release("reset");
  }

  connected(dial: Dial, rttMs: number | undefined): void {
    const { env, tls, dialogue, close } = this.#plan;
    if (tls === undefined && dialogue === undefined) {
      this.#phase = "over";
      env.dialer.close(dial, close);
      this.#done(this.#success("L4OK", this.#plan.connectedMessage, rttMs));
      return;
    }
    this.#stopwatch.next(tls === undefined ? "firstByteMs" : "tlsMs", rttMs);
    this.#phase = tls === undefined ? "talk" : "tls";
    try {
      this.#stream = new Stream(env.dialer, dial, tls === undefined ? undefined : env.tls.options(tls), this);
      // In plain text `opened` came during the construction, before there was a stream to write to.
      if (tls === undefined) this.#talk();
    } catch (error) {
      if (this.#stream === undefined) env.dialer.close(dial, "reset");
      this.crashed(error instanceof Error ? error : new Error(String(error)));
    }
  }

  failed(number: number): void {
    const local = localCause(number);
    const message = `TCP connect to ${this.#plan.target}: ${errnoWords(number)}`;
    if (local !== undefined) this.#finish(inconclusive(local, message));
    // A reset comes after the handshake: before it, a connection is refused.
    else
      this.#finish(this.#failure(number === ETIMEDOUT ? "L4TOUT" : "L4CON", message, number === ECONNRESET));
  }

  opened(): void {
    if (this.#phase !== "tls") return;
    this.#stopwatch.next("firstByteMs");
    this.#phase = "talk";
    this.#talk();
  }

  received(bytes: Uint8Array): void {
    if (this.#conversation === undefined) return;
    if (!this.#answering) this.#stopwatch.next("transferMs");
    this.#answering = true;
    this.#judge(this.#conversation.received(bytes));
  }

  closed(error: Error | undefined): void {
    if (this.#phase === "tls") {
      this.#interrupt("L6RSP", `${this.#plan.tlsSubject()}: ${CLOSED_IN_HANDSHAKE}`);
      return;
    }
    const number = errnoOf(error);
    const verdict = error === undefined ? this.#conversation?.closed() : undefined;
    if (verdict?.ok === true) this.#judge(verdict);
    else {
      const words =
        verdict?.message ?? (number === 0 ? (error?.message ?? "closed by peer") : errnoWords(number));
      this.#interrupt(verdict?.code ?? "L7RSP", `${this.#subject()}: ${words}`);
    }
  }

  refused(error: Error): void {
    // When the peer closes in the middle of a handshake the runtime says ECONNRESET, with words of its own.
    if (errnoOf(error) === 0) {
      const subject = this.#phase === "tls" ? this.#plan.tlsSubject() : this.#plan.tlsPeer();
      this.#finish(this.#failure("L6RSP", `${subject}: ${tlsWords(error.message)}`));
    } else this.#interrupt("L6RSP", `${this.#plan.tlsSubject()}: ${CLOSED_IN_HANDSHAKE}`);
  }

  crashed(error: Error): void {
    const words = error instanceof AuthoritiesError ? error.message : errorWords(error);
    const subject = this.#phase === "tls" ? this.#plan.tlsSubject() : this.#subject();
    this.#finish(inconclusive("fault", `${subject}: ${words}`));
  }

  /** The connection is open and, if wanted, secured. */
  #talk(): void {
    this.#conversation = this.#plan.dialogue?.begin();
    if (this.#conversation === undefined) this.#finish(this.#success("L6OK", this.#plan.connectedMessage));
    else if (this.#conversation.request !== undefined) this.#stream?.write(this.#conversation.request);
  }

  #late(within: string): CheckResult {
    if (this.#phase === "connect") {
      return this.#failure("L4TOUT", `TCP connect to ${this.#plan.target}: no answer ${within}`);
    }
    if (!this.#answering && this.#stream?.hasUnread === true) {
      return inconclusive("stalled", `${this.#subject()}: its answer came and was not read ${within}`);
    }
    if (this.#phase === "tls") {
      return this.#failure("L6TOUT", `${this.#plan.tlsSubject()}: not finished ${within}`);
    }
    const progress = this.#conversation?.progress() ?? "";
    const what = progress === "" ? "no answer" : `answer not complete (${progress})`;
    return this.#failure("L7TOUT", `${this.#subject()}: ${what} ${within}`);
  }

  #judge(verdict: Verdict | undefined): void {
    if (verdict === undefined) return;
    const message = `${this.#subject()}: ${verdict.message}`;
    this.#finish(verdict.ok ? this.#success("L7OK", message) : this.#failure(verdict.code, message));
  }

  /** The other side closed before it had answered. */
  #interrupt(code: FailureCode, message: string): void {
    if (this.#phase !== "over") this.#finish(this.#failure(code, message, true));
  }

  #finish(result: CheckResult): void {
    if (this.#phase === "over") return;
    this.#release(result.outcome === "success" ? this.#plan.close : "reset");
    this.#done(result);
  }

  #release(how: "reset" | "graceful"): void {
    if (this.#phase === "connect") this.#plan.env.dialer.cancel(this.#dial);
    this.#phase = "over";
    this.#stream?.destroy(how);
    this.#stream = undefined;
  }

  #success(code: SuccessCode, message: string, spentMs?: number): CheckResult {
    const statusCode = this.#conversation?.statusCode;
    return { outcome: "success", code, message, statusCode, ...this.#stopwatch.stop(spentMs) };
  }

  #failure(code: FailureCode, message: string, interrupted = false): CheckResult {
    const statusCode = this.#conversation?.statusCode;
    return { outcome: "failure", code, message, interrupted, statusCode, ...this.#stopwatch.stop() };
  }

  #subject(): string {
    return this.#plan.dialogue?.subject ?? `TCP connect to ${this.#plan.target}`;
  }
}
