/** Healthchecks, backends and a network in virtual time, driven by a seed: no monitor, no socket. Called by tests/network. */
import type { GateMember, GateOwner } from "../../src/monitor/network-gate.ts";
import { Guard } from "../../src/network/guard.ts";
import { Random } from "../simulation/random.ts";

/** Fate of packets. */
export type Fate = "answered" | "dropped" | "refused";

/** Options of a world. */
export interface WorldOptions {
  readonly seed: number;
  readonly count: number;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly fall: number;
  readonly holdMs: number;
  readonly share?: number;
  readonly hasReference?: boolean;
  /** The longest round trip; each takes some time up to that. About none when absent. */
  readonly roundTripMs?: number;
}

const ROUND_TRIP_MS = 0.4;
/** Things happen at the ticks of the scheduler. */
const TICK_MS = 4;
const PULSE_MS = 50;
const ASK_MS = 100;
const URGENT_ASK_MS = 8;

/** A healthcheck: its backend, and its state as a client knows it. */
class Check implements GateOwner {
  readonly member: GateMember;
  fate: Fate = "answered";
  isHealthy = true;
  failures = 0;
  dueMs: number;
  startedMs = 0;
  endMs: number | undefined;
  ends: Fate = "answered";
  isSoon = false;
  /** Time at which it was reported unhealthy. */
  reportedMs: number | undefined;

  constructor(
    readonly world: World,
    guard: Guard,
    readonly intervalMs: number,
    dueMs: number,
  ) {
    this.dueMs = dueMs;
    this.member = guard.join(this);
    this.member.became(true, 0);
  }

  release(): void {
    this.isHealthy = false;
    this.reportedMs = this.world.nowMs;
    this.member.became(false, this.world.nowMs);
  }

  checkSoon(): void {
    this.isSoon = true;
  }
}

/** The world. */
export class World {
  nowMs = 0;
  /** Fate of every packet of this host, and of answers that come meanwhile. */
  uplink: Fate = "answered";
  readonly checks: Check[];
  readonly guard: Guard;
  /** Edges: `blind` and `sighted`, with their times. */
  readonly edges: { readonly edge: "blind" | "sighted"; readonly atMs: number }[] = [];
  readonly #options: WorldOptions;
  readonly #random: Random;
  readonly #questions: number[] = [];
  #askedMs = Number.NEGATIVE_INFINITY;
  #pulseMs: number | undefined;

  constructor(options: WorldOptions) {
    this.#options = options;
    const { seed, count, intervalMs, holdMs, share = 0.5 } = options;
    const random = new Random(seed);
    this.#random = random;
    this.guard = new Guard(
      { holdMs, share },
      {
        blinded: () => this.edges.push({ edge: "blind", atMs: this.nowMs }),
        sighted: () => this.edges.push({ edge: "sighted", atMs: this.nowMs }),
        expired: () => {},
        doubted: (nowMs, isUrgent) => this.#doubt(nowMs, isUrgent),
      },
    );
    this.checks = Array.from(
      { length: count },
      () => new Check(this, this.guard, intervalMs, random.next() * intervalMs),
    );
  }

  /** This host loses its uplink, and the kernel reports it, as for a route that is removed. */
  lose(kind: Fate): void {
    this.uplink = kind;
    this.guard.wayChanged(true, this.nowMs);
  }

  /** It is back. */
  restore(): void {
    this.uplink = "answered";
    this.guard.wayChanged(false, this.nowMs);
  }

  /** Lets time pass. */
  advance(ms: number): void {
    const endMs = this.nowMs + ms;
    while (this.nowMs < endMs) {
      this.nowMs += TICK_MS;
      this.#tick();
    }
  }

  /** Changes what becomes of packets to the first `count` backends. */
  kill(count: number, fate: Fate): void {
    for (const check of this.checks.slice(0, count)) check.fate = fate;
  }

  /** Times of the reports so far, in order, from `sinceMs` on. */
  reports(sinceMs: number): number[] {
    const times = this.checks.flatMap(({ reportedMs }) =>
      reportedMs === undefined ? [] : [reportedMs - sinceMs],
    );
    return times.sort((a, b) => a - b);
  }

  #tick(): void {
    this.#answers();
    for (const check of this.checks) {
      if (check.endMs !== undefined && check.endMs <= this.nowMs) this.#end(check);
    }
    for (const check of this.checks) {
      if (check.endMs === undefined && (check.dueMs <= this.nowMs || check.isSoon)) this.#begin(check);
    }
    if (this.#pulseMs !== undefined && this.#pulseMs <= this.nowMs) this.#pulse();
  }

  #begin(check: Check): void {
    if (check.dueMs <= this.nowMs) check.dueMs += check.intervalMs;
    check.isSoon = false;
    check.startedMs = this.nowMs;
    check.ends = this.uplink === "answered" ? check.fate : this.uplink;
    check.endMs = this.nowMs + (check.ends === "dropped" ? this.#options.timeoutMs : this.#roundTripMs());
    check.member.began(this.nowMs);
  }

  #roundTripMs(): number {
    const { roundTripMs, timeoutMs } = this.#options;
    return roundTripMs === undefined
      ? ROUND_TRIP_MS
      : Math.min(this.#random.next() * roundTripMs, timeoutMs - TICK_MS);
  }

  #end(check: Check): void {
    if (check.ends === "answered" && this.uplink !== "answered") {
      // The answer does not get here.
      check.ends = "dropped";
      check.endMs = check.startedMs + this.#options.timeoutMs;
      return;
    }
    check.endMs = undefined;
    if (check.ends === "answered") {
      check.failures = 0;
      check.member.ended("answered", false, this.nowMs);
      check.isHealthy = true;
      check.member.became(true, this.nowMs);
      return;
    }
    check.failures++;
    const falls = check.isHealthy && check.failures >= this.#options.fall;
    if (check.member.ended("silent", falls, this.nowMs) && falls) check.release();
  }

  #doubt(nowMs: number, isUrgent: boolean): void {
    if (this.#options.hasReference === true && nowMs - this.#askedMs >= (isUrgent ? URGENT_ASK_MS : ASK_MS)) {
      this.#askedMs = nowMs;
      if (this.uplink === "answered") this.#questions.push(nowMs);
    }
    this.#pulseMs ??= nowMs + PULSE_MS;
  }

  #answers(): void {
    for (const askedMs of this.#questions.splice(0)) this.guard.referenceAnswered(askedMs, this.nowMs);
  }

  #pulse(): void {
    this.#pulseMs = undefined;
    if (this.guard.advance(this.nowMs)) this.#doubt(this.nowMs, false);
  }
}
