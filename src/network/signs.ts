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
    if (gone) this.#silence.failed(nowMs);
    return true;
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

  /** Notes a check that was not sent, or got no packet back. @returns false for one of an unhealthy backend, which is no sign */
  failed(member: Member, failure: "silent" | "local", nowMs: number): boolean {
    if (failure === "silent" && member.number >= 0) this.#evidence.failed(member.number);
    if (!member.isHealthy) return false;
    this.setFailure(member, failure);
    this.#silence.failed(nowMs);
    return true;
  }

  /** Notes that a backend was reached, and then failed: as if a check had begun and failed at that moment. */
  failedLate(member: Member, nowMs: number): void {
    if (member.startedMs < this.#sight.sightedMs) return;
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
  rowOf({ number, startedMs }: Report, nowMs: number): Row {
    return startedMs < this.#sight.sightedMs ? "long" : this.#evidence.around(number, nowMs);
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
    const answers = !isLocal && this.#references.isFresh(nowMs);
    const unanswered = this.#silence.unanswered(this.#evidence.count, nowMs);
    const isBad = !answers && (this.#isWayGone || isMassFailure(this.#tally, unanswered, share));
    const { answeredStartMs, failedMs = nowMs } = this.#silence;
    const firstMs = Math.max(failedMs, nowMs - holdMs);
    return this.#sight.update({ isBad, answers, isIdle, answeredStartMs, firstMs }, nowMs);
  }
}
