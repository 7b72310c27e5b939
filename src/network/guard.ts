/**
 * Decides whether this host, and not its backends, is cut off: holds the reports of healthchecks that failed at layer 4 while that is likely,
 * or while it is not yet known. Pure: the caller says what time it is, in milliseconds on the scheduler's clock.
 *
 * Three rules hold a report, and each for at most `holdMs` (`hold.ts`):
 * - Mass failure (`mass-failure.ts`). More than `share` of what was healthy fails within one interval, or was asked and gave no sign since
 *   anything last arrived. Only a reference that answers lets these reports out.
 * - No sight (`evidence.ts`). Since the failed check began, no other backend has answered. The next answer decides: after a short row of
 *   failures they are the backends' own, and after a long one each of them is checked once more.
 * - Overlap (`signs.ts`). The failed check began before the newest outage of this host was over. It is no sign of another outage, and its backend is
 *   checked once more.
 */
import type { GateMember, GateOwner, NetworkEvidence } from "../monitor/network-gate.ts";
import type { Row } from "./evidence.ts";
import { HeldReports } from "./held-reports.ts";
import { Hold } from "./hold.ts";
import { MIN_FAILED } from "./mass-failure.ts";
import { Member, type MemberEvents } from "./member.ts";
import { Sampler } from "./sample.ts";
import { NetworkSigns } from "./signs.ts";

/** Time from one check of a held healthcheck to the next, unless its interval is shorter, and how many of them begin at once. */
const RECHECK_MS = 1_000;
const MAX_RECHECKS = 16;

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

/** The guard of all monitors. */
export class Guard implements MemberEvents {
  readonly #events: GuardEvents;
  readonly #members: Member[] = [];
  readonly #signs = new NetworkSigns();
  readonly #held = new HeldReports();
  readonly #hold = new Hold();
  readonly #sampler = new Sampler();
  #settings: GuardSettings;

  constructor(settings: GuardSettings, events: GuardEvents) {
    this.#settings = settings;
    this.#events = events;
  }

  /** True while this host is probably cut off. */
  get isBlind(): boolean {
    return this.#signs.isBlind;
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
    if (this.#isOff) this.#releaseAll();
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
    this.#signs.referenceAnswered(askedMs);
    this.#update(nowMs);
    this.#held.referenceAnswered(this.#signs.references, (member) => this.#release(member));
    this.#settle(nowMs);
  }

  /** The routing table has changed. @param gone - true when it has no way to most of the backends any more */
  wayChanged(gone: boolean, nowMs: number): void {
    if (this.#signs.wayChanged(gone, nowMs)) this.#update(nowMs);
  }

  /** A link, an address or a route of this host went, and is back or replaced already: what is under way may be lost. */
  wayInterrupted(nowMs: number): void {
    this.#signs.lost(nowMs);
  }

  /** Lets time pass. @returns true while there is doubt, and this must be called again soon */
  advance(nowMs: number): boolean {
    this.#update(nowMs);
    if (this.#hold.advance(nowMs, this.#settings.holdMs)) {
      if (this.#held.size > 0) this.#events.expired(this.#held.size);
      this.#releaseAll();
    }
    this.#recheck(nowMs);
    this.#settle(nowMs);
    return this.#isDoubtful(nowMs);
  }

  /** Checks held healthchecks of long intervals again, so that the hold does not end without a look. A report that is held again goes to the end. */
  #recheck(nowMs: number): void {
    let budget = MAX_RECHECKS;
    for (const { owner, startedMs } of this.#held.members) {
      if (nowMs - startedMs < RECHECK_MS) continue;
      owner.checkSoon();
      if (--budget === 0) return;
    }
  }

  began(member: Member, nowMs: number): void {
    this.#signs.began(member, nowMs);
    if (!this.#signs.isSilence(nowMs)) return;
    this.#update(nowMs);
    this.#events.doubted(nowMs, false);
  }

  reached(member: Member, nowMs: number): void {
    this.#signs.arrived(member, nowMs);
    if (this.#held.size > 0) this.#review(nowMs);
  }

  ended(member: Member, evidence: NetworkEvidence, falls: boolean, nowMs: number): boolean {
    member.endedMs = nowMs;
    switch (evidence) {
      case "nothing":
        return true;
      case "answered":
        this.#signs.setFailure(member, "none");
        this.#held.drop(member);
        this.reached(member, nowMs);
        if (this.#signs.isBlind || this.#hold.isUnderWay) this.#settle(nowMs);
        return true;
      case "late":
        this.#signs.setFailure(member, "none");
        if (!falls) {
          this.#held.drop(member);
          return true;
        }
        // It was reached, so what counts is whether the network still worked in the end.
        this.#signs.failedLate(member, nowMs);
        return this.#admits(member, nowMs);
      case "local":
        this.#failed(member, "local", nowMs);
        // This one was inconclusive for as long as a report is held.
        if (falls) this.#held.drop(member);
        return true;
      case "silent":
        this.#failed(member, "silent", nowMs);
        if (falls) return this.#admits(member, nowMs);
        // Its threshold is higher than when it was held.
        this.#held.drop(member);
        return true;
    }
  }

  became(member: Member, isHealthy: boolean, nowMs: number): void {
    if (member.isHealthy === isHealthy) return;
    if (isHealthy) {
      this.#signs.setHealthy(member, true);
      return;
    }
    this.#signs.fell(member, nowMs);
    this.#held.drop(member);
    this.#update(nowMs);
  }

  leave(member: Member, nowMs: number): void {
    const last = this.#members.pop();
    if (last !== undefined && last !== member) {
      this.#members[member.place] = last;
      last.place = member.place;
    }
    this.#signs.setHealthy(member, false);
    this.#signs.setFailure(member, "none");
    this.#held.drop(member);
    this.#settle(nowMs);
  }

  #failed(member: Member, failure: "silent" | "local", nowMs: number): void {
    if (!this.#signs.failed(member, failure, nowMs)) return;
    this.#update(nowMs);
    if (this.#isDoubtful(nowMs)) this.#events.doubted(nowMs, false);
  }

  /** True when a failed healthcheck may be reported now; otherwise its report is held. */
  #admits(member: Member, nowMs: number): boolean {
    const row = this.#rowOf(member, nowMs);
    if (row === "short") {
      this.#held.drop(member);
      return true;
    }
    this.#held.hold(member, row, this.#signs.references);
    this.#hold.begin(this.#signs.failedMs ?? nowMs, nowMs);
    if (row === "open") this.#sampler.sample(this.#members, nowMs);
    this.#events.doubted(nowMs, true);
    return false;
  }

  /** Returns the surroundings of a member's last check; `short` when its failure may be reported for another reason. */
  #rowOf(member: Member, nowMs: number): Row {
    if (this.#isOff || this.#hold.isExpired) return "short";
    // Nothing is inferred from so few, but what this host knows of itself counts.
    if (this.#signs.counts.total < MIN_FAILED && !this.#signs.wasLost(member.startedMs)) return "short";
    if (this.#signs.references.covers(member.startedMs)) return "short";
    return this.#signs.isBlind ? "long" : this.#signs.rowOf(member, nowMs);
  }

  /** Something arrived: looks again at the reports that waited for it. */
  #review(nowMs: number): void {
    if (this.#signs.isBlind) return;
    this.#held.answered(
      (report) => this.#signs.rowOf(report, nowMs),
      (member, row) => (row === "short" ? this.#release(member) : member.owner.checkSoon()),
    );
    this.#settle(nowMs);
  }

  #release(member: Member): void {
    this.#held.drop(member);
    member.owner.release();
  }

  #releaseAll(): void {
    for (const member of this.#held.members) this.#release(member);
  }

  /** Ends a hold that holds nothing any more. */
  #settle(nowMs: number): void {
    this.#update(nowMs);
    if (this.#held.size > 0 || this.#signs.isBlind) return;
    this.#hold.end();
    this.#sampler.reset();
  }

  get #isOff(): boolean {
    return this.#settings.share >= 1;
  }

  #isDoubtful(nowMs: number): boolean {
    if (this.#signs.isBlind || this.#held.size > 0) return true;
    return this.#signs.isDoubtful(this.#settings.share, nowMs);
  }

  /** Reports the edges between blind and sighted. */
  #update(nowMs: number): void {
    const edge = this.#signs.update(this.#settings, this.#members.length === 0, nowMs);
    if (edge === undefined) return;
    const { total, silent, local } = this.#signs.counts;
    const counts = { healthy: total, failed: silent, local, held: this.#held.size };
    if (edge !== "blinded") {
      this.#hold.restart(this.#held.sinceMs ?? nowMs);
      this.#events.sighted(counts, edge);
      return;
    }
    this.#events.blinded(counts, nowMs);
    this.#events.doubted(nowMs, false);
  }
}
