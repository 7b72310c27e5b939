/** Rows, notes and regressions that the benchmark computes from the turns of the daemon and HAProxy. */
import { expect, test } from "bun:test";
import { type Load, outcome } from "../../scripts/tools/bench/comparison.ts";
import type { DaemonTurn, Turn } from "../../scripts/tools/bench/contenders.ts";
import type { Lateness } from "../../scripts/tools/bench/lateness.ts";

const LATENESS: Lateness = { p50Ms: 1, p99Ms: 2, p999Ms: 3, maxMs: 4 };
const LOAD: Load = {
  name: "http",
  label: "400 HTTP × 100 ms",
  kind: "http",
  checks: 400,
  intervalMs: 100,
  peers: [{ suffix: "", resumption: true }],
  quick: "no",
};

function turn(perCheckUs: number, checksPerSecond = 4_000): Turn {
  const cost = {
    seconds: 10,
    checksPerSecond,
    userUs: 1,
    kernelUs: perCheckUs - 1,
    perCheckUs,
    corePercent: (perCheckUs * checksPerSecond) / 10_000,
    sinkPerCheckUs: 5,
    sinkCorePercent: 2,
  };
  return { cost, memory: { rssBytes: 1e6, anonymousBytes: 1e6 } };
}

function daemonTurn(perCheckUs: number, skippedLate = 0, failures = 0): DaemonTurn {
  const { cost, memory } = turn(perCheckUs);
  return {
    cost,
    memory,
    measurement: {
      cost,
      memory,
      lateness: LATENESS,
      sink: { lateness: LATENESS, missed: 1, targets: 400 },
      perTarget: [],
      skippedRunning: 0,
      skippedLate,
      inconclusive: 0,
      stallMs: 1,
    },
    verdicts: { healthy: 400, unhealthy: 0, unknown: 0, failures },
  };
}

test("comparison: a row for each setting of HAProxy, the round in the middle, the median of the rounds' own ratios", () => {
  const peers = [
    { suffix: ", resumed", resumption: true },
    { suffix: ", whole", resumption: false },
  ];
  const ours = [daemonTurn(40), daemonTurn(60), daemonTurn(50)];
  const theirs = [
    [turn(40), turn(40), turn(20)],
    [turn(80), turn(60), turn(50)],
  ];
  const { rows, pageRows } = outcome({ ...LOAD, peers }, { ours, theirs }, undefined);
  expect(rows.map((cells) => cells.slice(0, 7))).toEqual([
    ["400 HTTP × 100 ms, resumed", "50 µs", "1 + 49", "40 µs", "1 + 39", "1.50 (1 to 2.50)", "4000 / 4000"],
    ["400 HTTP × 100 ms, whole", "50 µs", "1 + 49", "60 µs", "1 + 59", "1 (0.50 to 1)", "4000 / 4000"],
  ]);
  expect(rows[0]?.slice(7)).toEqual(["20 % / 16 %", "1 / 2 / 3 / ≤ 4", "0 / 3", "1 MB / 1 MB"]);
  expect(pageRows).toEqual(rows);
});

test("comparison: a check that HAProxy lacks is compared with another scenario, or with nothing", () => {
  const load = { ...LOAD, peers: [], comparedWith: "tcp" };
  const turns = { ours: [daemonTurn(60)], theirs: [] };
  expect(outcome(load, turns, [40, 50]).rows[0]?.slice(3, 6)).toEqual([
    "–",
    "–",
    "1.50 (1.50 to 1.50) × TCP",
  ]);
  expect(outcome(load, turns, undefined).rows[0]?.slice(3, 6)).toEqual(["–", "–", "–"]);
});

test("comparison: notes give the reasons to trust the figures less", () => {
  const sink = "the sink took 2 % of a core";
  const notes = (ours: DaemonTurn, theirs: Turn) =>
    outcome(LOAD, { ours: [ours], theirs: [[theirs]] }, undefined).notes;
  expect(notes(daemonTurn(50), turn(40))).toEqual([sink]);
  expect(notes(daemonTurn(50, 0, 2), turn(40))).toEqual([sink, "NOT ALL HEALTHY: 2 failed checks or states"]);
  expect(notes(daemonTurn(50), turn(40, 1_000))).toEqual([
    sink,
    "NOT COMPARABLE: 4000 checks a second were made against 1000",
  ]);
  expect(notes(daemonTurn(50), turn(40, 4_100))).toEqual([
    sink,
    "NOT TO BE TRUSTED: 4100 checks a second were counted instead of 4000",
  ]);
});

test("comparison: a gross regression is a check at more than four times the cost, or more than one start in a hundred missed at a slow pace", () => {
  const slow = { ...LOAD, checks: 4_000, intervalMs: 1_000 };
  const messages = (ours: DaemonTurn, load = slow) =>
    outcome(load, { ours: [ours], theirs: [[turn(40)]] }, undefined).regressions.map(
      ({ message }) => message,
    );
  expect(messages(daemonTurn(160, 400))).toEqual([]);
  expect(messages(daemonTurn(161))).toEqual([
    expect.stringContaining("4.03 times as much as that of HAProxy"),
  ]);
  expect(messages(daemonTurn(40, 401), LOAD)).toEqual([]);
  expect(messages(daemonTurn(40, 401))).toEqual(["401 of 40000 starts were left out"]);
});
