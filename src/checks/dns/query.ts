/**
 * One DNS question sent to one server: over UDP, once more when the datagram is lost, and over TCP when the answer does
 * not fit. The caller interprets the answer and chooses the next server.
 */

import { randomInt } from "node:crypto";
import { formatDuration } from "../../model/duration.ts";
import { describeError } from "../../model/format-value.ts";
import type { CheckResult, FailureCode, LocalCause } from "../../model/result.ts";
import { ECONNREFUSED, errnoMessage, localCause } from "../../system/errno.ts";
import type { SetupFailure } from "../../system/socket-setup.ts";
import type { UdpConnection, UdpOwner } from "../../system/udp.ts";
import type { CancelTimer, CheckerEnv } from "../checker.ts";
import { Exchange } from "../exchange.ts";
import { ExchangePlan } from "../exchange-plan.ts";
import { Stopwatch, type Times } from "../stopwatch.ts";
import type { Nameserver } from "./nameserver.ts";
import { formatQuestion, MAX_EDNS_BYTES, type QueryType, type QuestionOptions } from "./spec.ts";
import { DnsTcpConversation } from "./tcp-conversation.ts";
import { type Answer, encodeQuestion, readReply } from "./wire.ts";

/** A datagram without an answer is sent again after half of the patience, or this. */
const MAX_RESEND_MS = 1_000;
/** Without EDNS 512 bytes are all that a server may send; some send what they would with it. */
const MAX_DATAGRAM_BYTES = MAX_EDNS_BYTES;
/**
 * Limit of stray datagrams. Each query has its own port, so no stray is a latecomer: the server that sends this many is
 * broken or hostile.
 */
const MAX_STRAYS = 64;

/** A message with the right id and question costs most to read; the server that sends it broken will not do better. */
const MAX_MALFORMED = 4;

/** Question and server of a query. */
export interface QueryPlan {
  readonly env: CheckerEnv;
  readonly server: Nameserver;
  /** A valid name in ASCII, without a dot at its end except for the root. */
  readonly name: string;
  readonly type: QueryType;
  readonly options: QuestionOptions;
  /** Without UDP: `use-vc` of resolv.conf. */
  readonly overTcp: boolean;
  /** Time that the caller waits before it turns to another server; milliseconds. */
  readonly patienceMs: number;
  /** The bound of the whole check, for sentences. */
  readonly timeoutMs: number;
  /** Returns true for an answer after the check's deadline. @param atMs - its arrival on the clock of `performance.now()` */
  readonly isLate: (atMs: number) => boolean;
}

/** Outcome of a query. */
export type QueryOutcome = {
  /** ` over TCP`, or empty: ends the subject of the sentence. */
  readonly via: string;
} & (
  | { readonly kind: "answer"; readonly answer: Answer; readonly times: Times }
  | {
      readonly kind: "failure";
      readonly code: FailureCode;
      readonly message: string;
      readonly times: Times;
      /** True when no process listens there (ICMP port unreachable, RST). */
      readonly refused: boolean;
      readonly interrupted: boolean;
      /** True when nothing came back. */
      readonly unanswered: boolean;
    }
  | {
      readonly kind: "inconclusive";
      readonly cause: LocalCause;
      readonly message: string;
      readonly noRoute?: boolean | undefined;
    }
);

/** One running query. */
export class DnsQuery implements UdpOwner {
  readonly plan: QueryPlan;
  readonly #ended: (outcome: QueryOutcome) => void;
  readonly #asked: Buffer;
  readonly #stopwatch: Stopwatch;
  /** Time of the first send on the clock of `performance.now()`; milliseconds. */
  #askedMs = 0;
  #socket: UdpConnection | undefined;
  #cancelResend: CancelTimer = () => {};
  #conversation: DnsTcpConversation | undefined;
  #exchange: Exchange | undefined;
  /** Ends the sentence of a failed connect. */
  #connectSuffix = "";
  #strays = 0;
  #malformed = 0;
  #lastStray = "";
  #over = false;

  /** @param ended - called once, never before the constructor has returned, and not after {@link expire} or {@link cancel} */
  constructor(plan: QueryPlan, ended: (outcome: QueryOutcome) => void) {
    this.plan = plan;
    this.#ended = ended;
    const { name, type, options } = plan;
    this.#asked = encodeQuestion({ id: randomInt(0x1_0000), name, type, options });
    this.#stopwatch = new Stopwatch(plan.env.clock, "firstByteMs");
    if (plan.overTcp) this.#askOverTcp();
    else this.#askOverUdp();
  }

  /** Ends the query because the check's time is up. */
  expire(): QueryOutcome {
    const outcome =
      this.#exchange === undefined ? this.#unanswered() : this.#overTcp(this.#exchange.expire());
    this.#release();
    return outcome;
  }

  /** Ends the query because its outcome no longer matters. */
  cancel(): void {
    this.#exchange?.cancel();
    this.#release();
  }

  received(bytes: Uint8Array, atMs: number | undefined): void {
    // The deadline is enforced by ticks, so a late answer may be read before the check ends.
    if (atMs !== undefined && this.plan.isLate(atMs)) return;
    const reply =
      bytes.length > MAX_DATAGRAM_BYTES
        ? ({ kind: "stray", why: `a datagram of ${bytes.length} bytes` } as const)
        : readReply(bytes, this.#asked, this.plan);
    switch (reply.kind) {
      case "stray":
      case "malformed":
        // Possibly a forgery: the true answer can still come.
        this.#discard(reply.kind, reply.why);
        return;
      case "truncated":
        this.#socket?.close();
        this.#cancelResend();
        this.#connectSuffix = " after a truncated answer over UDP";
        this.#askOverTcp();
        return;
      case "answer":
        this.#finish({ kind: "answer", via: "", answer: reply, times: this.#timesUntil(atMs) });
    }
  }

  failed(number: number, detail: string, setup?: SetupFailure): void {
    const reason = setup?.message ?? errnoMessage(number);
    const message = detail === "" ? reason : `${reason} (${detail})`;
    const cause = setup?.cause ?? localCause(number);
    this.#finish(
      cause === undefined
        ? this.#failure("L4CON", message, number === ECONNREFUSED, true)
        : { kind: "inconclusive", via: "", cause, message, noRoute: setup?.noRoute },
    );
  }

  crashed(error: Error): void {
    this.#finish({ kind: "inconclusive", via: "", cause: "fault", message: describeError(error) });
  }

  /** @param atMs - the kernel's receive time of the answer; undefined when it is unknown */
  #timesUntil(atMs: number | undefined): Times {
    return this.#stopwatch.stop(atMs === undefined ? undefined : atMs - this.#askedMs);
  }

  #discard(kind: "stray" | "malformed", why: string): void {
    this.#strays++;
    if (kind === "malformed") this.#malformed++;
    this.#lastStray = why;
    if (this.#strays < MAX_STRAYS && this.#malformed < MAX_MALFORMED) return;
    this.#finish(
      this.#failure("L7RSP", `no valid answer among ${this.#strays} datagrams, the last one ${why}`),
    );
  }

  #askOverUdp(): void {
    const { env, server, patienceMs } = this.plan;
    const socket = env.dialer.openUdp(server.sockAddr, this);
    this.#socket = socket;
    this.#askedMs = performance.now();
    socket.send(this.#asked);
    this.#cancelResend = env.after(Math.min(MAX_RESEND_MS, patienceMs / 2), () => socket.send(this.#asked));
  }

  #askOverTcp(): void {
    const { env, server, name, type, options, timeoutMs } = this.plan;
    const conversation = new DnsTcpConversation(this.#asked, this.plan);
    this.#conversation = conversation;
    const subject = `${formatQuestion([type], options.queryClass, name)} @${server.text} over TCP`;
    const conversationFactory = { subject, connectSubject: subject, begin: () => conversation };
    const plan = new ExchangePlan(
      env,
      server.address,
      undefined,
      conversationFactory,
      "reset",
      "half",
      server.socket,
    );
    this.#exchange = new Exchange(plan, timeoutMs, (result) => this.#finish(this.#overTcp(result)));
  }

  /** The outcome of the exchange: its sentence without the subject, which is the same for every query. */
  #overTcp(result: CheckResult): QueryOutcome {
    const via = " over TCP";
    const message = result.message.slice(result.message.indexOf(`${via}: `) + via.length + 2);
    if (result.outcome === "inconclusive") {
      const { cause, noRoute } = result;
      return { kind: "inconclusive", via, cause, message, noRoute };
    }
    const { durationMs, phases } = result;
    const times = { durationMs, phases };
    const answer = this.#conversation?.answer;
    if (result.outcome === "success" && answer !== undefined) return { kind: "answer", via, answer, times };
    if (result.outcome === "success") return { kind: "inconclusive", via, cause: "fault", message };
    const { code, interrupted = false } = result;
    const layer4 = code === "L4CON" || code === "L4TOUT";
    const refused = message === errnoMessage(ECONNREFUSED);
    return {
      kind: "failure",
      via,
      code,
      message: layer4 ? message + this.#connectSuffix : message,
      times,
      refused,
      interrupted,
      unanswered: layer4 && this.#connectSuffix === "",
    };
  }

  #unanswered(): QueryOutcome {
    const within = `within ${formatDuration(this.plan.timeoutMs)}`;
    if (this.#strays === 0) return this.#failure("L7TOUT", `no answer ${within}`, false, true);
    return this.#failure("L7RSP", `no valid answer ${within}, only ${this.#lastStray}`);
  }

  #failure(code: FailureCode, message: string, refused = false, unanswered = false): QueryOutcome {
    return {
      kind: "failure",
      via: "",
      code,
      message,
      times: this.#stopwatch.stop(),
      refused,
      interrupted: false,
      unanswered,
    };
  }

  #finish(outcome: QueryOutcome): void {
    if (this.#over) return;
    this.#release();
    this.#ended(outcome);
  }

  #release(): void {
    this.#over = true;
    this.#cancelResend();
    this.#socket?.close();
  }
}
