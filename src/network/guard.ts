/**
 * Decides whether this host, and not its backends, is cut off: holds the reports of healthchecks that failed at layer 4 while that is likely,
 * or while it is not yet known. Pure: the caller says what time it is, in milliseconds on the scheduler's clock.
 *
 * Two rules hold a report, and each for at most `holdMs`:
 * - Mass failure. More than `share` of what was healthy fails within one interval, or was asked and gave no sign since anything last
 *   arrived. Only a reference that answers lets these reports out.
 * - No sight. Since the failed check began, no other backend has answered. The next answer decides: after a short row of failures they
 *   are the backends' own, and after a long one each of them is checked once more.
 */
import type { GateMember, GateOwner, NetworkEvidence } from "../monitor/network-gate.ts";
import { Evidence, type Row } from "./evidence.ts";
import { RecentFalls } from "./recent-falls.ts";
import { SightedStretch } from "./sighted-stretch.ts";

/** Healthchecks that must have failed before a mass failure is one. */
export const MIN_FAILED = 5;
/** Checks without a sign, and the time without one, from which silence counts. */
const MIN_SILENT = 16;
const MIN_SILENCE_MS = 100;
/** The failures behind the first held report began earlier; the hold counts from them, but not from more than this before the report. */
const MAX_LEAD_MS = 500;
/** Healthchecks that are checked early when a report waits for the answer of another backend. */
const SAMPLE = 5;
const MAX_SAMPLED = 64;
/** Golden ratio: its multiples are spread evenly. */
const GOLDEN = 0.618_033_988_75;
/** Time between two samples: one answers for all reports that wait by then. */
const SAMPLE_MS = 4;
/** Time from one check of a held healthcheck to the next, unless its interval is shorter, and how many of them begin at once. */
const RECHECK_MS = 1_000;
const MAX_RECHECKS = 16;
/** Longest time between two calls of {@link Guard.advance} in doubt; a longer one is a stall of this process. */
const MAX_PULSE_MS = 1_000;

/** Settings of a guard. */
export interface GuardSettings {
  readonly holdMs: number;
  /** Above 0; from 1 on nothing is held. */
  readonly share: number;
}

/** Numbers for logs. */
export interface BlindCounts {
  /** Healthchecks that are reported healthy, or were when this host went blind. */
  readonly healthy: number;
  /** Failed at layer 4. */
  readonly failed: number;
  /** Not sent, because this host has no route or a firewall in the way. */
  readonly local: number;
  /** Reports that are held. */
  readonly held: number;
}

/** Receives what the guard finds. */
export interface GuardEvents {
  /** This host is probably cut off. */
  blinded(counts: BlindCounts, nowMs: number): void;
  /** It no longer is. @param forMs - how long it was */
  sighted(counts: BlindCounts, forMs: number): void;
  /** The hold is over: reports go out. */
  expired(reports: number): void;
  /** Something is doubtful: {@link Guard.advance} must be called from now on, and references asked. @param isUrgent - a report waits for it */
  doubted(nowMs: number, isUrgent: boolean): void;
}

/** Kind of failure of a member's last check. */
type Failure = "none" | "silent" | "local";

/** A report that is held. */
interface Held {
  readonly number: number;
  readonly startedMs: number;
  /** True when only a new check of the member can let it out. */
  readonly needsCheck: boolean;
}

/** The guard of all monitors. */
export class Guard {
  readonly #events: GuardEvents;
  readonly #evidence = new Evidence();
  readonly #references = new SightedStretch();
  readonly #members: Member[] = [];
  readonly #held = new Map<Member, Held>();
  readonly #fallen = new RecentFalls();
  #settings: GuardSettings;
  #healthy = 0;
  #silent = 0;
  #local = 0;
  /** The last packet of any backend: how many checks had begun when it arrived, and when the check began that was answered. */
  #countAtArrival = 0;
  #answeredStartMs = Number.NEGATIVE_INFINITY;
  /** The start of the first check after it. */
  #unansweredMs = Number.POSITIVE_INFINITY;
  /** The first failure after it. */
  #waveMs: number | undefined;
  #wayGone = false;
  #blindMs: number | undefined;
  /** Last time at which something spoke for blindness. */
  #badMs = Number.NEGATIVE_INFINITY;
  #sightedMs = Number.NEGATIVE_INFINITY;
  /** Start of the current hold; undefined while none is under way. */
  #holdMs: number | undefined;
  #isExpired = false;
  #advancedMs = Number.NEGATIVE_INFINITY;
  #sampled = 0;
  #sampledMs = Number.NEGATIVE_INFINITY;
  #sampleAt = 0;

  constructor(settings: GuardSettings, events: GuardEvents) {
    this.#settings = settings;
    this.#events = events;
  }

  /** True while this host is probably cut off. */
  get isBlind(): boolean {
    return this.#blindMs !== undefined;
  }

  /** Number of reports that are held. */
  get held(): number {
    return this.#held.size;
  }

  /** Returns the healthchecks that are reported healthy. */
  *healthyOwners(): Iterable<GateOwner> {
    for (const { isHealthy, owner } of this.#members) if (isHealthy) yield owner;
  }

  /** Returns every healthcheck. */
  *owners(): Iterable<GateOwner> {
    for (const { owner } of this.#members) yield owner;
  }

  /** Applies other settings. */
  reconfigure(settings: GuardSettings, nowMs: number): void {
    this.#settings = settings;
    this.#update(nowMs);
    this.#review(nowMs);
  }

  /** Takes a healthcheck in. */
  join(owner: GateOwner): GateMember {
    const member = new Member(this, owner, this.#members.length);
    this.#members.push(member);
    return member;
  }

  /** A reference answered. @param askedMs - when it was asked */
  referenceAnswered(askedMs: number, nowMs: number): void {
    this.#references.add(askedMs, this.#answeredStartMs);
    this.#update(nowMs);
    for (const [member, { startedMs }] of this.#held)
      if (this.#references.covers(startedMs)) this.#release(member);
    this.#settle(nowMs);
  }

  /** The routing table has changed. @param gone - true when it has no way to most of the backends any more */
  wayChanged(gone: boolean, nowMs: number): void {
    if (gone === this.#wayGone) return;
    this.#wayGone = gone;
    if (gone) this.#waveMs ??= nowMs;
    this.#update(nowMs);
  }

  /** Lets time pass. @returns true while there is doubt, and this must be called again soon */
  advance(nowMs: number): boolean {
    this.#update(nowMs);
    this.#excuseStall(nowMs);
    if (this.#holdMs !== undefined && !this.#isExpired && nowMs >= this.#holdMs + this.#settings.holdMs)
      this.#expire();
    this.#recheck(nowMs);
    this.#settle(nowMs);
    return this.#isDoubtful(nowMs);
  }

  /** The hold is as much longer as this process, or its virtual machine, was stopped: nothing was checked meanwhile. */
  #excuseStall(nowMs: number): void {
    const stalledMs = nowMs - this.#advancedMs - MAX_PULSE_MS;
    this.#advancedMs = nowMs;
    if (this.#holdMs !== undefined && stalledMs > 0) this.#holdMs += stalledMs;
  }

  /** Checks held healthchecks of long intervals again, so that the hold does not end without a look. A report that is held again goes to the end. */
  #recheck(nowMs: number): void {
    let budget = MAX_RECHECKS;
    for (const [{ owner, startedMs }] of this.#held) {
      if (nowMs - startedMs < RECHECK_MS) continue;
      owner.checkSoon();
      if (--budget === 0) return;
    }
  }

  /** @internal */
  began(member: Member, nowMs: number): void {
    member.startedMs = nowMs;
    member.number = member.isHealthy ? this.#evidence.begin(nowMs) : -1;
    if (this.#evidence.count - this.#countAtArrival === 1)
      this.#unansweredMs = Math.min(this.#unansweredMs, nowMs);
    if (!this.#isSilence(nowMs)) return;
    this.#update(nowMs);
    this.#events.doubted(nowMs, false);
  }

  /** @internal */
  reached(member: Member, nowMs: number): void {
    if (member.number >= 0) this.#evidence.answered(member.number, nowMs);
    this.#unansweredMs = Number.POSITIVE_INFINITY;
    this.#countAtArrival = this.#evidence.count;
    this.#answeredStartMs = Math.max(this.#answeredStartMs, member.startedMs);
    this.#waveMs = undefined;
    if (this.#held.size > 0) this.#review(nowMs);
  }

  /** @internal */
  ended(member: Member, evidence: NetworkEvidence, falls: boolean, nowMs: number): boolean {
    switch (evidence) {
      case "nothing":
        return true;
      case "answered":
        this.#setFailure(member, "none");
        this.#held.delete(member);
        this.reached(member, nowMs);
        if (this.#blindMs !== undefined || this.#holdMs !== undefined) this.#settle(nowMs);
        return true;
      case "late":
        this.#setFailure(member, "none");
        this.#held.delete(member);
        if (!falls) return true;
        // It was reached, so what counts is whether the network still worked in the end.
        if (member.startedMs >= this.#sightedMs) {
          member.startedMs = nowMs;
          member.number = this.#evidence.begin(nowMs);
          this.#evidence.failed(member.number);
        }
        return this.#admits(member, nowMs);
      case "local":
        this.#fail(member, "local", nowMs);
        // This one was inconclusive for as long as a report is held.
        if (falls) this.#held.delete(member);
        return true;
      case "silent":
        if (member.number >= 0) this.#evidence.failed(member.number);
        this.#fail(member, "silent", nowMs);
        if (falls) return this.#admits(member, nowMs);
        // Its threshold is higher than when it was held.
        this.#held.delete(member);
        return true;
    }
  }

  /** @internal */
  became(member: Member, isHealthy: boolean, nowMs: number): void {
    if (member.isHealthy === isHealthy) return;
    member.isHealthy = isHealthy;
    this.#healthy += isHealthy ? 1 : -1;
    if (isHealthy) return;
    if (member.failure !== "none") this.#fallen.add(nowMs + member.owner.intervalMs);
    this.#setFailure(member, "none");
    this.#held.delete(member);
    this.#update(nowMs);
  }

  /** @internal */
  leave(member: Member, nowMs: number): void {
    const last = this.#members.pop();
    if (last !== undefined && last !== member) {
      this.#members[member.place] = last;
      last.place = member.place;
    }
    if (member.isHealthy) this.#healthy--;
    member.isHealthy = false;
    this.#setFailure(member, "none");
    this.#held.delete(member);
    this.#settle(nowMs);
  }

  #fail(member: Member, failure: Failure, nowMs: number): void {
    if (!member.isHealthy) return;
    this.#setFailure(member, failure);
    this.#waveMs ??= nowMs;
    this.#update(nowMs);
    if (this.#isDoubtful(nowMs)) this.#events.doubted(nowMs, false);
  }

  #setFailure(member: Member, failure: Failure): void {
    if (member.failure === failure) return;
    this.#count(member.failure, -1);
    this.#count(failure, 1);
    member.failure = failure;
  }

  #count(failure: Failure, by: 1 | -1): void {
    if (failure === "silent") this.#silent += by;
    else if (failure === "local") this.#local += by;
  }

  /** True when a failed healthcheck may be reported now; otherwise its report is held. */
  #admits(member: Member, nowMs: number): boolean {
    const { number, startedMs } = member;
    this.#held.delete(member);
    if (this.#isOff || this.#isExpired || this.#total < MIN_FAILED) return true;
    if (this.#references.covers(startedMs)) return true;
    const isOld = startedMs < this.#sightedMs;
    const row = this.#blindMs === undefined && !isOld ? this.#evidence.around(number, nowMs) : "long";
    if (row === "short") return true;
    this.#held.set(member, { number, startedMs, needsCheck: row === "long" });
    if (this.#holdMs === undefined) {
      this.#holdMs = Math.max(this.#waveMs ?? nowMs, nowMs - MAX_LEAD_MS);
      this.#advancedMs = nowMs;
    }
    if (row === "open" && nowMs - this.#sampledMs >= SAMPLE_MS) this.#sample(nowMs);
    this.#events.doubted(nowMs, true);
    return false;
  }

  /** Something arrived: looks again at the reports that waited for it. */
  #review(nowMs: number): void {
    if (this.#blindMs !== undefined && !this.#isOff) return;
    for (const [member, held] of this.#held) {
      if (held.needsCheck && !this.#isOff) continue;
      const row = this.#isOff ? "short" : this.#rowOf(held, nowMs);
      if (row === "short") this.#release(member);
      else if (row === "long") {
        this.#held.set(member, { ...held, needsCheck: true });
        member.owner.checkSoon();
      }
    }
    this.#settle(nowMs);
  }

  /** The surroundings of a held report; what began before this host saw again is checked once more. */
  #rowOf({ number, startedMs }: Held, nowMs: number): Row {
    return startedMs < this.#sightedMs ? "long" : this.#evidence.around(number, nowMs);
  }

  #release(member: Member): void {
    this.#held.delete(member);
    member.owner.release();
  }

  #expire(): void {
    this.#isExpired = true;
    const members = [...this.#held.keys()];
    if (members.length > 0) this.#events.expired(members.length);
    for (const member of members) this.#release(member);
  }

  /** Ends a hold that holds nothing any more. */
  #settle(nowMs: number): void {
    this.#update(nowMs);
    if (this.#held.size > 0 || this.#blindMs !== undefined) return;
    this.#holdMs = undefined;
    this.#isExpired = false;
    this.#sampled = 0;
  }

  /** Checks other healthy backends early. */
  #sample(nowMs: number): void {
    this.#sampledMs = nowMs;
    const count = this.#members.length;
    // Neighbors in the list often die together.
    const stride = Math.max(1, Math.floor(count * GOLDEN));
    let chosen = 0;
    for (let step = 0; step < count && chosen < SAMPLE && this.#sampled < MAX_SAMPLED; step++) {
      this.#sampleAt = (this.#sampleAt + stride) % count;
      const member = this.#members[this.#sampleAt];
      if (member === undefined || !member.isHealthy || member.failure !== "none") continue;
      member.owner.checkSoon();
      chosen++;
      this.#sampled++;
    }
  }

  get #isOff(): boolean {
    return this.#settings.share >= 1;
  }

  /** Number of healthchecks that are healthy, or were one interval ago. */
  get #total(): number {
    return this.#healthy + this.#fallen.count;
  }

  #isDoubtful(nowMs: number): boolean {
    if (this.#blindMs !== undefined || this.#held.size > 0) return true;
    const failed = this.#silent + this.#local + this.#fallen.count;
    return (
      (failed >= MIN_FAILED && failed > (this.#settings.share / 2) * this.#total) || this.#isSilence(nowMs)
    );
  }

  #isSilence(nowMs: number): boolean {
    const asked = this.#evidence.count - this.#countAtArrival;
    return asked >= MIN_SILENT && nowMs - this.#unansweredMs >= MIN_SILENCE_MS;
  }

  #isMassFailure(nowMs: number): boolean {
    const { share } = this.#settings;
    if (this.#isOff || this.#total === 0) return false;
    const limit = share * this.#total;
    const failed = this.#silent + this.#local + this.#fallen.count;
    if (failed >= MIN_FAILED && failed > limit) return true;
    if (this.#local > 0 && this.#local >= Math.min(MIN_FAILED, this.#healthy) && this.#local > limit)
      return true;
    const asked = Math.min(this.#evidence.count - this.#countAtArrival, this.#healthy);
    return this.#isSilence(nowMs) && asked > limit;
  }

  /** Finds the edges between blind and sighted. */
  #update(nowMs: number): void {
    this.#fallen.expire(nowMs);
    const isLocal = this.#wayGone || this.#local > this.#settings.share * this.#total;
    const answers = !isLocal && this.#references.isFresh(nowMs);
    const isBad = !answers && (this.#wayGone || this.#isMassFailure(nowMs));
    if (isBad) this.#badMs = nowMs;
    if (this.#blindMs === undefined) {
      if (!isBad) return;
      this.#blindMs = Math.max(this.#waveMs ?? nowMs, nowMs - this.#settings.holdMs);
      this.#events.blinded(this.#counts(), nowMs);
      this.#events.doubted(nowMs, false);
      return;
    }
    // A route is back before packets arrive; and when all have been reported unhealthy, nothing fails any more. An answer proves sight.
    const isProved = answers || this.#answeredStartMs > this.#badMs || this.#members.length === 0;
    if (isBad || !isProved) return;
    const forMs = nowMs - this.#blindMs;
    this.#blindMs = undefined;
    // Results of checks that began before are not believed.
    if (!answers) this.#sightedMs = nowMs;
    this.#events.sighted(this.#counts(), forMs);
  }

  #counts(): BlindCounts {
    return { healthy: this.#total, failed: this.#silent, local: this.#local, held: this.#held.size };
  }
}

/** One healthcheck. */
class Member implements GateMember {
  readonly #guard: Guard;
  /** @internal Number of the check under way or last ended; negative for one of an unhealthy backend. */
  number = -1;
  /** @internal */
  startedMs = 0;
  /** @internal */
  isHealthy = false;
  /** @internal */
  failure: Failure = "none";

  constructor(
    guard: Guard,
    readonly owner: GateOwner,
    /** @internal */ public place: number,
  ) {
    this.#guard = guard;
  }

  began(nowMs: number): void {
    this.#guard.began(this, nowMs);
  }

  reached(nowMs: number): void {
    this.#guard.reached(this, nowMs);
  }

  ended(evidence: NetworkEvidence, falls: boolean, nowMs: number): boolean {
    return this.#guard.ended(this, evidence, falls, nowMs);
  }

  became(isHealthy: boolean, nowMs: number): void {
    this.#guard.became(this, isHealthy, nowMs);
  }

  leave(nowMs: number): void {
    this.#guard.leave(this, nowMs);
  }
}
