/**
 * Signs of checks, references and the routing table about this host's network, and whether it is blind by them; pure. Each check is noted,
 * on the hot path; the decision is made when something fails, or arrives while there is doubt.
 */
import { Evidence, type Row } from "./evidence.ts";
import type { Report } from "./held-reports.ts";
import { isHalfOfOne, isMassFailure, isMostlyLocal } from "./mass-failure.ts";
import type { Failure, Member } from "./member.ts";
import { Sight } from "./sight.ts";
import { SightedStretch } from "./sighted-stretch.ts";
import { Silence } from "./silence.ts";
import { type Counts, Tally } from "./tally.ts";

/** Collects the signs. Times are milliseconds on the scheduler's clock. */
export class NetworkSigns {
  readonly #evidence = new Evidence();
  readonly #silence = new Silence();
  readonly #references = new SightedStretch();
  readonly #tally = new Tally();
  readonly #sight = new Sight();
  #isWayGone = false;
  /** Newest moment at which this host is known to have been cut off, and not only inferred: a link, an address or a route was gone, or checks were not sent. */
  #lostMs = Number.NEGATIVE_INFINITY;

  /** True while this host is probably cut off. */
  get isBlind(): boolean {
    return this.#sight.isBlind;
  }

  /** Numbers of healthchecks. */
  get counts(): Counts {
    return this.#tally;
  }

  /** Time of the first failure since anything last arrived; undefined if there was none. */
  get failedMs(): number | undefined {
    return this.#silence.failedMs;
  }

  /** Stretch of time in which references answered. */
  get references(): SightedStretch {
    return this.#references;
  }

  /** Notes that a reference answered. @param askedMs - when it was asked */
  referenceAnswered(askedMs: number): void {
    this.#references.add(askedMs, this.#silence.answeredStartMs);
  }

  /** Notes whether the routing table has a way. @returns false if that was known */
  wayChanged(gone: boolean, nowMs: number): boolean {
    if (gone === this.#isWayGone) return false;
    this.#isWayGone = gone;
    this.lost(nowMs);
    if (gone) this.#silence.failed(nowMs);
    return true;
  }

  /** Notes that this host was cut off at this moment or before. A check that was under way then proves nothing about its backend. */
  lost(nowMs: number): void {
    this.#lostMs = nowMs;
    this.#references.end(nowMs);
  }

  /** Returns true for the start of a check that a loss of this host's own links, addresses or routes overlaps. */
  wasLost(startedMs: number): boolean {
    return startedMs <= this.#lostMs;
  }

  /** Notes that a check begins. */
  began(member: Member, nowMs: number): void {
    member.startedMs = nowMs;
    member.number = member.isHealthy ? this.#evidence.begin(nowMs) : -1;
    this.#silence.began(this.#evidence.count, nowMs);
  }

  /** Notes that a packet of a backend arrived. */
  arrived(member: Member, nowMs: number): void {
    if (member.number >= 0) this.#evidence.answered(member.number, nowMs);
    this.#silence.arrived(this.#evidence.count, member.startedMs);
  }

  /** Notes a check that was not sent, or got no packet back. @returns false if it says nothing about this host */
  failed(member: Member, failure: "silent" | "local", nowMs: number): boolean {
    if (failure === "silent" && member.number >= 0) this.#evidence.failed(member.number);
    if (!member.isHealthy) return false;
    if (failure === "silent" && this.#wasBlind(member.startedMs)) {
      // The timeouts of an outage come when it is over, and would look like another one.
      this.setFailure(member, "none");
      return false;
    }
    this.setFailure(member, failure);
    this.#silence.failed(nowMs);
    return true;
  }

  /** Notes that a backend was reached, and then failed: as if a check had begun and failed at that moment. */
  failedLate(member: Member, nowMs: number): void {
    if (this.#wasBlind(member.startedMs)) return;
    member.startedMs = nowMs;
    member.number = this.#evidence.begin(nowMs);
    this.#evidence.failed(member.number);
  }

  /** Notes the kind of failure of a member's last check. */
  setFailure(member: Member, failure: Failure): void {
    if (member.failure === failure) return;
    this.#tally.changeFailure(member.failure, failure);
    member.failure = failure;
  }

  /** Notes whether a member is reported healthy from now on. */
  setHealthy(member: Member, isHealthy: boolean): void {
    if (member.isHealthy === isHealthy) return;
    member.isHealthy = isHealthy;
    this.#tally.addHealthy(isHealthy ? 1 : -1);
  }

  /** Notes that a member is reported unhealthy from now on; if its last check failed, it counts as failed for one more interval. */
  fell(member: Member, nowMs: number): void {
    this.setHealthy(member, false);
    if (member.failure !== "none") this.#tally.addFall(nowMs + member.owner.intervalMs);
    this.setFailure(member, "none");
  }

  /** Returns the surroundings of a failed check; what began before this host saw again must be checked once more. */
  rowOf({ number, startedMs, endedMs }: Report, nowMs: number): Row {
    if (this.#wasBlind(startedMs)) return "long";
    const sinceMs = Math.max(this.#sight.sightedMs, this.#lostMs);
    return this.#evidence.around(number, endedMs, sinceMs, nowMs);
  }

  /** Returns true for the start of a check that began before this host saw again: its packets may be lost. */
  #wasBlind(startedMs: number): boolean {
    return startedMs < this.#sight.sightedMs || this.wasLost(startedMs);
  }

  /** Returns true when many checks have begun and nothing has arrived. */
  isSilence(nowMs: number): boolean {
    return this.#silence.unanswered(this.#evidence.count, nowMs) > 0;
  }

  /** Returns true when references must be asked, although this host is not blind yet. */
  isDoubtful(share: number, nowMs: number): boolean {
    return isHalfOfOne(this.#tally, share) || this.isSilence(nowMs);
  }

  /**
   * Finds the edges between blind and sighted.
   *
   * @param isIdle - true when there are no healthchecks
   * @returns the edge at this moment, if there is one: `blinded`, or for how long this host was blind
   */
  update(
    { share, holdMs }: { readonly share: number; readonly holdMs: number },
    isIdle: boolean,
    nowMs: number,
  ): "blinded" | number | undefined {
    this.#tally.expire(nowMs);
    const isLocal = this.#isWayGone || isMostlyLocal(this.#tally, share);
    if (isLocal) this.lost(nowMs);
    const answers = !isLocal && this.#references.isFresh(nowMs);
    const unanswered = this.#silence.unanswered(this.#evidence.count, nowMs);
    const isBad = !answers && (this.#isWayGone || isMassFailure(this.#tally, unanswered, share));
    const { answeredStartMs, failedMs = nowMs } = this.#silence;
    const firstMs = Math.max(failedMs, nowMs - holdMs);
    return this.#sight.update({ isBad, answers, isIdle, answeredStartMs, firstMs }, nowMs);
  }
}
