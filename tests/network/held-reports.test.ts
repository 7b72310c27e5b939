/** Tests for src/network/held-reports.ts: the same decisions as a walk over all reports at each answer, and no such walk. */
import { expect, spyOn, test } from "bun:test";
import type { GateOwner } from "../../src/monitor/network-gate.ts";
import { Evidence, type Row } from "../../src/network/evidence.ts";
import { HeldReports, type Report } from "../../src/network/held-reports.ts";
import { Member } from "../../src/network/member.ts";
import { SightedStretch } from "../../src/network/sighted-stretch.ts";
import { Random } from "../simulation/random.ts";
import { type Fate, World } from "./guard-world.ts";

const OWNER: GateOwner = { intervalMs: 1_000, release: () => {}, checkSoon: () => {} };
const NO_EVENTS = {
  began: () => {},
  reached: () => {},
  ended: () => true,
  became: () => {},
  leave: () => {},
};

/** Surroundings of a check that failed at once. */
function rowOf(evidence: Evidence, { number, endedMs }: Report, nowMs: number): Row {
  return evidence.around(number, endedMs, 0, nowMs);
}

/** The rule as plainly as possible: each answer looks at every report. */
class PlainReports {
  readonly held = new Map<Member, Report & { needsCheck: boolean }>();

  hold(member: Member, needsCheck: boolean): void {
    this.held.delete(member);
    const { number, startedMs, endedMs } = member;
    this.held.set(member, { number, startedMs, endedMs, needsCheck });
  }

  answered(evidence: Evidence, nowMs: number): string[] {
    const decided: string[] = [];
    for (const [member, report] of this.held) {
      const row = report.needsCheck ? "open" : rowOf(evidence, report, nowMs);
      if (row === "long") report.needsCheck = true;
      if (row === "short") this.held.delete(member);
      if (row !== "open") decided.push(`${member.place} ${row}`);
    }
    return decided;
  }

  referenceAnswered(references: SightedStretch): string[] {
    const proved = [...this.held].filter(([, { startedMs }]) => references.covers(startedMs));
    for (const [member] of proved) this.held.delete(member);
    return proved.map(([member]) => `${member.place} proved`);
  }
}

/** Checks that begin, fail and are answered at random, and what becomes of held reports by either rule. */
function compare(seed: number): { readonly decided: number; readonly peak: number } {
  const random = new Random(seed);
  const evidence = new Evidence();
  const references = new SightedStretch();
  const reports = new HeldReports();
  const plain = new PlainReports();
  const members = Array.from({ length: 60 }, (_, place) => new Member(NO_EVENTS, OWNER, place));
  let [nowMs, decided, peak] = [0, 0, 0];
  const answered = (member: Member) => {
    reports.drop(member);
    plain.held.delete(member);
    evidence.answered(member.number, nowMs);
    const found: string[] = [];
    reports.answered(
      (report) => rowOf(evidence, report, nowMs),
      (other, row) => {
        if (row === "short") reports.drop(other);
        found.push(`${other.place} ${row}`);
      },
    );
    expect(found).toEqual(plain.answered(evidence, nowMs));
    decided += found.length;
  };
  const failed = (member: Member) => {
    member.endedMs = nowMs;
    evidence.failed(member.number);
    const row = rowOf(evidence, member, nowMs);
    if (row === "short" || references.covers(member.startedMs)) return;
    reports.hold(member, row, references);
    plain.hold(member, row === "long");
  };
  const referenceAnswered = () => {
    references.add(nowMs - random.next() * 40, nowMs - random.next() * 1_000);
    const found: string[] = [];
    reports.referenceAnswered(references, (member) => {
      reports.drop(member);
      found.push(`${member.place} proved`);
    });
    expect(found).toEqual(plain.referenceAnswered(references));
    decided += found.length;
  };
  let deadShare = 0;
  for (let step = 0; step < 3_000; step++) {
    nowMs += random.next() * 4;
    if (step % 100 === 0) deadShare = random.next();
    const member = members[Math.floor(random.next() * members.length)];
    if (member === undefined) throw new Error("no member");
    const chance = random.next();
    if (chance < 0.01) referenceAnswered();
    else if (chance < 0.5 || member.number < 0) {
      member.startedMs = nowMs;
      member.number = evidence.begin(nowMs);
    } else if (chance < 0.5 + deadShare / 2) failed(member);
    else answered(member);
    expect([...reports.members]).toEqual([...plain.held.keys()]);
    peak = Math.max(peak, reports.size);
  }
  return { decided, peak };
}

test("held reports: each answer decides the same reports as a walk over all of them", () => {
  const results = Array.from({ length: 30 }, (_, index) => compare(index + 1));
  expect(results.reduce((sum, { decided }) => sum + decided, 0)).toBeGreaterThan(1_000);
  expect(Math.max(...results.map(({ peak }) => peak))).toBeGreaterThan(20);
});

/** Counts steps of walks over maps and sets, and looks at the surroundings of a check, while `run` runs. */
function countSteps(run: () => void): number {
  let steps = 0;
  const spies = [new Map<unknown, unknown>(), new Set<unknown>()].map((collection) => {
    // The prototype of all iterators of its kind; the library's types do not name it.
    const iterator = Object.getPrototypeOf(collection[Symbol.iterator]()) as Iterator<unknown>;
    const next = iterator.next;
    return spyOn(iterator, "next").mockImplementation(function (this: Iterator<unknown>) {
      steps++;
      return next.call(this);
    });
  });
  const around = Evidence.prototype.around;
  const look = spyOn(Evidence.prototype, "around").mockImplementation(function (this: Evidence, ...check) {
    steps++;
    return around.apply(this, check);
  });
  try {
    run();
  } finally {
    for (const spy of [...spies, look]) spy.mockRestore();
  }
  return steps;
}

/** An outage in which every report is held, and the return, in which as many answers find them. */
function outage(count: number, fate: Fate, hasReference: boolean): number {
  const options = { seed: 1, count, intervalMs: 1_000, timeoutMs: 400, fall: 1, holdMs: 10_000 };
  const world = new World({ ...options, hasReference });
  world.advance(1_500);
  return countSteps(() => {
    world.uplink = fate;
    world.advance(2_500);
    expect(world.guard.held).toBe(count);
    world.uplink = "answered";
    world.advance(1_500);
    expect(world.guard.held).toBe(0);
    expect(world.reports(0)).toEqual([]);
  });
}

test.each([
  ["dropped", false],
  ["refused", false],
  ["dropped", true],
  ["refused", true],
] as const)(
  "guard: after an outage by which packets were %s, the work grows with the number of healthchecks; with a reference: %p",
  (fate, hasReference) => {
    const [few, many] = [outage(400, fate, hasReference), outage(1_600, fate, hasReference)];
    expect(few).toBeGreaterThan(400);
    // With a look at all reports for each answer, it grows more than tenfold.
    expect(many / few).toBeLessThan(5);
  },
);
