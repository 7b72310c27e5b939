/**
 * Stand-ins for unit tests: a clock that tests move, a dialer without a network, a checker without a backend, a log that
 * is kept. Called by the tests below tests/, which mirror src/.
 */
import { jest } from "bun:test";
import type { Attempt, Checker, CheckerEnv, OnResult } from "../../../src/checks/checker.ts";
import { NOERROR, USUAL_QUESTION, type Wanted } from "../../../src/checks/dns/spec.ts";
import type { TcpSpec } from "../../../src/checks/tcp/spec.ts";
import type { LogFields, Logger } from "../../../src/logging/logger.ts";
import type { LogLevel } from "../../../src/logging/names.ts";
import { type HealthcheckId, parseId } from "../../../src/model/id.ts";
import type { CheckResult, FailureCode, Success } from "../../../src/model/result.ts";
import type { HealthcheckSpec } from "../../../src/model/spec.ts";
import type { Notification, State } from "../../../src/model/status.ts";
import type { Clock } from "../../../src/system/clock.ts";
import { type DialOwner, PendingConnection } from "../../../src/system/connection.ts";
import type { Dialer } from "../../../src/system/dialer.ts";
import type { EchoHandle } from "../../../src/system/echo-request.ts";
import type { PlainStream } from "../../../src/system/plain-stream.ts";
import { SystemResolver } from "../../../src/system/resolver.ts";
import type { SockAddr } from "../../../src/system/sockaddr.ts";
import type { Ending } from "../../../src/system/stream-owner.ts";
import { TlsContexts } from "../../../src/system/tls.ts";
import type { UdpConnection } from "../../../src/system/udp.ts";

/**
 * Time that passes only when a test advances it: a clock that starts at 0, and every timer of the process with it.
 * Disposing restores the real timers.
 */
export class VirtualTime implements Clock, Disposable {
  /** Wall clock at 0. */
  static readonly WALL_MS = Date.UTC(2026, 0, 31, 12);
  readonly #baseMs: number;
  #stalledMs = 0;

  constructor() {
    jest.useFakeTimers();
    this.#baseMs = performance.now();
  }

  nowMs(): number {
    // The subtraction leaves a rounding error that no real clock has.
    return Math.round((performance.now() - this.#baseMs) * 1_000) / 1_000 + this.#stalledMs;
  }

  wallMs(): number {
    return VirtualTime.WALL_MS + this.nowMs();
  }

  /** Lets time pass; timers fire when they are due. */
  advance(ms: number): void {
    jest.advanceTimersByTime(ms);
  }

  /** Lets time pass on the clock without serving any timer: the process stalls. */
  stall(ms: number): void {
    this.#stalledMs += ms;
  }

  [Symbol.dispose](): void {
    jest.clearAllTimers();
    jest.useRealTimers();
  }
}

/** A dialer that connects nowhere; the test decides what becomes of each dial. */
export class FakeDialer implements Dialer {
  readonly dials: PendingConnection[] = [];
  readonly closed: string[] = [];
  readonly canceled: PendingConnection[] = [];
  #outcomes: (() => void)[] = [];

  get pending(): number {
    return this.dials.filter(({ waiting }) => waiting).length;
  }

  /** The newest one. */
  get last(): PendingConnection {
    const dial = this.dials.at(-1);
    if (dial === undefined) throw new Error("no connection was dialed");
    return dial;
  }

  dial(address: SockAddr, owner: DialOwner): PendingConnection {
    const dial = new PendingConnection(-1, owner, this.dials.length, address);
    this.dials.push(dial);
    return dial;
  }

  /** Opens the connection; reported with the next poll. */
  connect(dial: PendingConnection, rttMs: number | undefined): void {
    this.#decide(dial, () => dial.owner.connected(dial, rttMs));
  }

  /** Fails the connection; reported with the next poll. */
  fail(dial: PendingConnection, number: number): void {
    this.#decide(dial, () => dial.owner.failed(number));
  }

  poll(): void {
    const outcomes = this.#outcomes;
    this.#outcomes = [];
    for (const report of outcomes) report();
  }

  openUdp(): UdpConnection {
    throw new Error("there is no network to send datagrams over");
  }

  sendEcho(): EchoHandle {
    throw new Error("there is no network to send ICMP over");
  }

  cancel(dial: PendingConnection): void {
    if (dial.waiting) this.canceled.push(dial);
    dial.waiting = false;
  }

  close(_dial: PendingConnection, how: Ending): void {
    this.closed.push(how);
  }

  converse(): PlainStream {
    throw new Error("there is no network to converse over");
  }

  handOver(): void {}

  released(): void {}

  linger(): void {}

  settled(): void {}

  #decide(dial: PendingConnection, report: () => void): void {
    this.#outcomes.push(() => {
      if (!dial.waiting) return;
      dial.waiting = false;
      report();
    });
  }
}

/** Services of a checker, without a network. */
export function fakeEnv(clock: Clock, dialer: Dialer): CheckerEnv {
  return {
    clock,
    dialer,
    tls: new TlsContexts(undefined, clock),
    resolver: new SystemResolver(clock, {
      confPath: "/nonexistent/resolv.conf",
      hostsPath: "/nonexistent/hosts",
    }),
    after: () => () => {},
    userAgent: "seesaw-healthcheck/test",
  };
}

/** One check of a {@link FakeChecker}; the test says how it ends. */
export class FakeAttempt implements Attempt {
  expired = false;
  canceled = false;

  constructor(
    readonly timeoutMs: number,
    readonly finish: OnResult,
  ) {}

  expire(): CheckResult {
    this.expired = true;
    return failure("L7TOUT");
  }

  cancel(): void {
    this.canceled = true;
  }
}

/** A checker whose checks run until the test ends them. */
export class FakeChecker implements Checker {
  readonly attempts: FakeAttempt[] = [];

  /** The newest one. */
  get last(): FakeAttempt {
    const attempt = this.attempts.at(-1);
    if (attempt === undefined) throw new Error("no check was started");
    return attempt;
  }

  start(timeoutMs: number, done: OnResult): FakeAttempt {
    const attempt = new FakeAttempt(timeoutMs, done);
    this.attempts.push(attempt);
    return attempt;
  }
}

/** A log that is kept. */
export class FakeLogger implements Logger {
  readonly entries: { readonly level: LogLevel; readonly message: string; readonly fields: LogFields }[] = [];

  constructor(readonly talkative = false) {}

  /** The messages of a level, in order. */
  messages(level: LogLevel): string[] {
    return this.entries.filter((entry) => entry.level === level).map(({ message }) => message);
  }

  error(message: string, fields: LogFields = {}): void {
    this.entries.push({ level: "error", message, fields });
  }

  warn(message: string, fields: LogFields = {}): void {
    this.entries.push({ level: "warn", message, fields });
  }

  info(message: string, fields: LogFields = {}): void {
    this.entries.push({ level: "info", message, fields });
  }

  debug(message: string, fields: LogFields = {}): void {
    this.entries.push({ level: "debug", message, fields });
  }

  trace(message: string, fields: LogFields = {}): void {
    this.entries.push({ level: "trace", message, fields });
  }

  enabled(level: LogLevel): boolean {
    return this.talkative || (level !== "debug" && level !== "trace");
  }
}

/** Output of a command, kept in memory. */
export class FakeOutput {
  stdout = "";
  stderr = "";

  out(text: string): void {
    this.stdout += text;
  }

  err(text: string): void {
    this.stderr += text;
  }
}

/** An id from its number. */
export function id(number: number | bigint): HealthcheckId {
  const parsed = parseId(String(number));
  if (parsed === undefined) throw new Error(`${number} is no id`);
  return parsed;
}

/** A result of success that took 3 ms. */
export function success(): Success {
  const phases = { connectMs: 3 };
  return {
    outcome: "success",
    code: "L4OK",
    message: "TCP connect to 10.0.0.1:80: connected",
    durationMs: 3,
    phases,
  };
}

/** A result of failure. @param interrupted - the other side closed an open connection */
export function failure(code: FailureCode, interrupted = false): CheckResult {
  return { outcome: "failure", code, message: "the check failed", durationMs: 7, phases: {}, interrupted };
}

/** Specification of a plain TCP check. */
export function tcpSpec(port = 80, changes: Partial<TcpSpec> = {}): TcpSpec {
  const address = { ip: "10.0.0.1", port };
  const plain = {
    socket: undefined,
    tls: undefined,
    send: undefined,
    receive: undefined,
    close: "reset",
    handshake: "half",
  } as const;
  return { type: "tcp", address, ...plain, ...changes };
}

/** A healthcheck: every second, with half a second of time, `rise` and `fall` 1. */
export function makeSpec(number: number, changes: Partial<HealthcheckSpec> = {}): HealthcheckSpec {
  const { intervalMs = 1_000 } = changes;
  const pace = { intervalMs, fastIntervalMs: intervalMs, downIntervalMs: intervalMs, jitter: 0 };
  return { id: id(number), ...pace, timeoutMs: 500, rise: 1, fall: 1, check: tcpSpec(), ...changes };
}

/** A notification; equal calls give equal but different ones. */
export function notification(number: number, state: State = "healthy", message = "ok"): Notification {
  const counts = { failures: 0, successes: 1, durationMs: 1 };
  return { id: id(number), status: { state, lastCheckMs: VirtualTime.WALL_MS, message, ...counts } };
}

/** Returns the expectation of a dns check. @param records - compared and shown as they are, such as addresses */
export function wanting(records: readonly string[] = [], rcodes: readonly string[] = [NOERROR]): Wanted {
  return { records: records.map((key) => ({ key, shown: key })), rcodes };
}

/** The parts of a dns check's spec that stay at their defaults. */
export const USUAL_DNS = { options: USUAL_QUESTION, wanted: wanting() } as const;
