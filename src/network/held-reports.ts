/**
 * The reports that are held, sorted by what can let them out, so that an answer costs no look at those that it says nothing about: after an
 * outage of 10,000 healthchecks, as many answers find as many held reports. Pure.
 */
import type { Row } from "./evidence.ts";
import type { Member } from "./member.ts";
import type { SightedStretch } from "./sighted-stretch.ts";

/** The check behind a report: its number in the evidence, its start and its end. The member may have begun another one since. */
export interface Report {
  readonly number: number;
  readonly startedMs: number;
  readonly endedMs: number;
}

/** Keeps held reports. */
export class HeldReports {
  /** All of them, in the order in which they were held; one that is held again goes to the end. */
  readonly #members = new Set<Member>();
  /**
   * Those that the answer of another backend can let out. They are few: they wait in an open row, a row of 16 failures is long, and the next answer
   * closes it.
   */
  readonly #waiting = new Map<Member, Report>();
  /** Those that a reference can let out: no answer of one has come yet to a question that was asked after the check began. */
  readonly #unproved = new Map<Member, Report>();

  /** Number of reports. */
  get size(): number {
    return this.#members.size;
  }

  /** Since when the oldest report is held; undefined when none is. A member whose report is held again keeps the time of the first one. */
  get sinceMs(): number | undefined {
    let sinceMs: number | undefined;
    for (const { heldMs = 0 } of this.#members) sinceMs = Math.min(sinceMs ?? heldMs, heldMs);
    return sinceMs;
  }

  /** Returns the healthchecks whose reports are held. */
  get members(): Iterable<Member> {
    return this.#members;
  }

  /**
   * Holds the report of a member's last check.
   *
   * @param row - surroundings of the check; after a long row only a new check of the member, or a reference, can let it out
   * @param references - when they answered
   */
  hold(member: Member, row: "open" | "long", references: SightedStretch): void {
    const { number, startedMs, endedMs, heldMs = endedMs } = member;
    const report = { number, startedMs, endedMs };
    this.drop(member);
    this.#members.add(member);
    member.heldMs = heldMs;
    if (row === "open") this.#waiting.set(member, report);
    if (references.mayCover(startedMs)) this.#unproved.set(member, report);
  }

  /** Forgets the report of a member, if one is held. */
  drop(member: Member): void {
    if (!this.#members.delete(member)) return;
    member.heldMs = undefined;
    this.#waiting.delete(member);
    this.#unproved.delete(member);
  }

  /**
   * Decides the reports that waited for the answer of another backend.
   *
   * @param rowOf - the surroundings of a report's check by now
   * @param decided - receives each report that waits no longer. After a short row the caller releases it; otherwise it stays held, and the
   *   member must be checked again.
   */
  answered(rowOf: (report: Report) => Row, decided: (member: Member, row: "short" | "long") => void): void {
    for (const [member, report] of this.#waiting) {
      const row = rowOf(report);
      if (row === "open") continue;
      this.#waiting.delete(member);
      decided(member, row);
    }
  }

  /**
   * Decides the reports that a reference has answered for by now.
   *
   * @param proved - receives each member whose failure is its own; the caller releases it
   */
  referenceAnswered(references: SightedStretch, proved: (member: Member) => void): void {
    for (const [member, { startedMs }] of this.#unproved) {
      if (references.mayCover(startedMs)) continue;
      this.#unproved.delete(member);
      if (references.covers(startedMs)) proved(member);
    }
  }
}
