/**
 * The three promises as invariants. The oracle follows each healthcheck by what the network saw, with rules of its own written as plainly as
 * can be, and compares: the verdict of each check, the state after it, the state that the client has, and when checks start.
 */
import type { CheckSpec } from "../../src/checks/registry.ts";
import type { HealthcheckId } from "../../src/model/id.ts";
import type { CheckResult } from "../../src/model/result.ts";
import type { HealthcheckSpec } from "../../src/model/spec.ts";
import type { Client } from "./client.ts";
import type { Fact, Network } from "./network.ts";

/** A tick comes this much after its time at most, when the process does not stall. */
const TICK_SLACK_MS = 40;
/** The first check of a set may wait for its turn among the others. */
const FIRST_START_MS = 2_000;
/** Part of a stall that the scheduler takes for a busy process; milliseconds. */
const STALL_TOLERANCE_MS = 20;

/** A promise that was broken. */
export class BrokenPromiseError extends Error {
  override readonly name = "BrokenPromiseError";
}

/** One healthcheck as the oracle expects it. */
interface Expected {
  spec: HealthcheckSpec;
  state: "unknown" | "healthy" | "unhealthy";
  successes: number;
  failures: number;
  changedMs: number;
  /** Since when its starts are comparable: made or adjusted then. */
  sinceMs: number;
  lastStartMs: number | undefined;
  /** The timeout that the newest check started with; another one counts from the next check on. */
  timeoutMs: number;
  /** Starts that follow each other at the interval, so far. */
  regular: number;
}

/** The world, as the oracle sees it. */
export interface OracleWorld {
  readonly network: Network;
  readonly client: Client;
  readonly batchDelayMs: number;
  nowMs(): number;
  stalledMs(): number;
  stalls(): number;
  /** Returns the end of the last disturbance of this host: a stall, a shortage of descriptors. */
  disturbedMs(): number;
  /** True while checks wait for descriptors. */
  short(): boolean;
}

/** Holds a simulation to the three promises. */
export class Oracle {
  readonly #world: OracleWorld;
  readonly #expected = new Map<HealthcheckId, Expected>();

  constructor(world: OracleWorld) {
    this.#world = world;
    world.client.onReport = (id, state) => this.#reported(id, state);
    world.client.onGarbage = (problem) => this.#broken("nothing lost", problem);
  }

  /** A monitor was made, for a new healthcheck or another target: whatever was known before is void. */
  made(spec: HealthcheckSpec): void {
    const nowMs = this.#world.nowMs();
    this.#expected.set(spec.id, {
      spec,
      state: "unknown",
      successes: 0,
      failures: 0,
      changedMs: nowMs,
      sinceMs: nowMs,
      lastStartMs: undefined,
      timeoutMs: spec.timeoutMs,
      regular: 0,
    });
  }

  ended(id: HealthcheckId): void {
    this.#expected.delete(id);
  }

  /** A set was applied: every healthcheck of it runs with its newest configuration. */
  applied(specs: readonly HealthcheckSpec[]): void {
    const wanted = new Map(specs.map((spec) => [spec.id, spec]));
    for (const [id, spec] of wanted) {
      const expected = this.#expected.get(id);
      if (expected === undefined) this.#broken("nothing lost", `healthcheck ${id} of the set does not run`);
      else if (portOf(expected.spec) !== portOf(spec))
        this.#broken("no false verdict", `${id}: old target runs`);
      else if (expected.spec !== spec) {
        if (expected.spec.intervalMs !== spec.intervalMs) this.#restartGrid(expected);
        // While its checks take more than half the interval a healthcheck may stay on the way to its grid; a shorter timeout lets it arrive.
        else if (expected.spec.timeoutMs !== spec.timeoutMs) expected.regular = 0;
        expected.spec = spec;
      }
    }
    for (const id of this.#expected.keys()) {
      if (!wanted.has(id)) this.#broken("nothing lost", `healthcheck ${id} runs and is not in the set`);
    }
  }

  /** A check ended, and its monitor has this state now. */
  finished(id: HealthcheckId, result: CheckResult, state: string): void {
    const expected = this.#expected.get(id);
    if (expected === undefined)
      this.#broken("no false verdict", `healthcheck ${id} reports and does not run`);
    const fact = this.#world.network.facts.get(portOf(expected.spec));
    if (fact === undefined)
      this.#broken("no false verdict", `healthcheck ${id} has a result without a connection`);
    this.#holdVerdict(id, expected.timeoutMs, result, fact);
    if (result.outcome === "inconclusive") expected.regular = 0;
    else this.#count(expected, result.outcome === "success");
    if (expected.state !== state) {
      this.#broken("no false verdict", `healthcheck ${id} is ${state}, expected ${expected.state}`);
    }
  }

  /** To be called after each step. */
  check(): void {
    if (this.#world.network.overlaps > 0) this.#broken("on time", "a check overlapped itself");
    for (const [id, expected] of this.#expected) {
      this.#noteStart(id, expected);
      this.#holdStart(id, expected);
      this.#holdClient(id, expected);
    }
  }

  #restartGrid(expected: Expected): void {
    expected.sinceMs = this.#world.nowMs();
    expected.regular = 0;
  }

  #holdVerdict(id: HealthcheckId, timeoutMs: number, result: CheckResult, fact: Fact): void {
    const { outcome } = fact;
    // The handshake as the kernel measured it, which no stall of this process lengthens.
    const tookMs = fact.readyMs - fact.startMs;
    const late = outcome === "connected" && tookMs > timeoutMs;
    const right =
      result.outcome === "success"
        ? outcome === "connected" && !late
        : result.outcome === "inconclusive"
          ? outcome === "local" || (late && tookMs - this.#stalledMs(fact) <= timeoutMs)
          : result.code === "L4CON"
            ? outcome === "refused"
            : late ||
              (outcome === "canceled" && fact.readyMs > fact.endMs && this.#activeMs(fact) >= timeoutMs);
    if (right) return;
    const took = `${fact.endMs - fact.startMs} ms, ${this.#activeMs(fact)} ms of them attended`;
    this.#broken(
      "no false verdict",
      `healthcheck ${id}: ${result.code} where the network had ${outcome} (${took}; timeout ${timeoutMs} ms)`,
    );
  }

  #stalledMs({ startStalledMs }: Fact): number {
    return this.#world.stalledMs() - startStalledMs;
  }

  /** Returns the maximum time for which this process waited for an answer, its own stalls left out. */
  #activeMs(fact: Fact): number {
    const toleratedMs = (this.#world.stalls() - fact.startStalls) * STALL_TOLERANCE_MS;
    return fact.endMs - fact.startMs - Math.max(0, this.#stalledMs(fact) - toleratedMs);
  }

  #count(expected: Expected, success: boolean): void {
    const { rise, fall } = expected.spec;
    expected.successes = success ? expected.successes + 1 : 0;
    expected.failures = success ? 0 : expected.failures + 1;
    const before = expected.state;
    if (before === "unknown") expected.state = success ? "healthy" : "unhealthy";
    else if (before === "healthy" && expected.failures >= fall) expected.state = "unhealthy";
    else if (before === "unhealthy" && expected.successes >= rise) expected.state = "healthy";
    if (expected.state !== before) expected.changedMs = this.#world.nowMs();
  }

  #reported(text: string, state: string): void {
    const found = [...this.#expected].find(([id]) => id === text);
    if (found === undefined)
      this.#broken("no false verdict", `healthcheck ${text} was reported and does not run`);
    const [id, expected] = found;
    if (state !== expected.state) {
      this.#broken("no false verdict", `healthcheck ${id} was reported ${state}, it is ${expected.state}`);
    }
    if (state === "unknown") this.#broken("no false verdict", `healthcheck ${id} was reported unmeasured`);
  }

  #noteStart(id: HealthcheckId, expected: Expected): void {
    const startMs = this.#world.network.facts.get(portOf(expected.spec))?.startMs;
    const before = expected.lastStartMs;
    if (startMs === undefined || startMs === before) return;
    expected.lastStartMs = startMs;
    expected.timeoutMs = expected.spec.timeoutMs;
    const undisturbed =
      before !== undefined && before > Math.max(this.#world.disturbedMs(), expected.sinceMs);
    if (!undisturbed) {
      expected.regular = 0;
      return;
    }
    const gapMs = startMs - before;
    const { intervalMs, timeoutMs } = expected.spec;
    // Four lead to the grid at most: a repeated check, the end of the interval that it was in, and two of half an interval or
    // more. A check that may itself take more than half the interval can be on the way for longer.
    const minMs = timeoutMs <= intervalMs / 2 ? intervalMs : intervalMs / 2;
    if (++expected.regular > 4 && gapMs < minMs - TICK_SLACK_MS) {
      this.#broken("on time", `healthcheck ${id} started ${gapMs} ms after its last check`);
    }
  }

  #holdStart(id: HealthcheckId, { spec, sinceMs, lastStartMs }: Expected): void {
    if (this.#world.short()) return;
    const fact = this.#world.network.facts.get(portOf(spec));
    if (fact !== undefined && fact.outcome === undefined) return;
    const fromMs = Math.max(
      lastStartMs ?? sinceMs + FIRST_START_MS,
      sinceMs,
      fact?.endMs ?? 0,
      this.#world.disturbedMs(),
    );
    const lateMs = this.#world.nowMs() - fromMs - spec.intervalMs;
    if (lateMs > TICK_SLACK_MS) this.#broken("on time", `healthcheck ${id} is ${lateMs} ms late`);
  }

  #holdClient(id: HealthcheckId, { state, changedMs }: Expected): void {
    const { client, batchDelayMs } = this.#world;
    if (client.readySinceMs === undefined || state === "unknown") return;
    const fromMs = Math.max(client.readySinceMs, changedMs, this.#world.disturbedMs());
    if (this.#world.nowMs() - fromMs <= batchDelayMs + TICK_SLACK_MS) return;
    const has = client.states.get(id)?.state;
    if (has !== state)
      this.#broken("nothing lost", `the client has ${has} of healthcheck ${id}, it is ${state}`);
  }

  #broken(promise: string, problem: string): never {
    throw new BrokenPromiseError(`${promise}: ${problem} (at ${this.#world.nowMs()} ms)`);
  }
}

function portOf({ check }: HealthcheckSpec): number {
  // The simulation has only the types of the registry.
  const known = check as CheckSpec;
  return known.type === "tcp" ? known.address.port : 0;
}
