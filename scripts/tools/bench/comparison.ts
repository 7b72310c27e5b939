/**
 * Computes rows, figures, notes and regressions from the turns of the daemon and HAProxy. Pure. Called by
 * scenarios/haproxy-comparison.ts.
 */
import { median, quantile, ratios, sum } from "./arithmetic.ts";
import type { DaemonTurn, Turn } from "./contenders.ts";
import { costFigures, miscounted } from "./cost.ts";
import type { FleetPlan } from "./fleet.ts";
import { latenessCell } from "./lateness.ts";
import type { Figures, Outcome, Regression } from "./scenario.ts";
import { bytes, digits } from "./table.ts";

/** HAProxy with one setting of TLS. */
export interface Peer {
  /** Text after the label of the load in its row. */
  readonly suffix: string;
  readonly resumption: boolean;
}

/** One load. */
export interface Load {
  readonly name: string;
  /** First cell of its row. */
  readonly label: string;
  readonly kind: FleetPlan["kind"];
  readonly checks: number;
  readonly intervalMs: number;
  readonly peers: readonly Peer[];
  /** Name of the scenario whose cost replaces HAProxy's, when HAProxy has no such check. */
  readonly comparedWith?: string;
  /** Extent with `--quick`: not run, the daemon alone, or in turn with HAProxy. */
  readonly quick: "no" | "alone" | "in turn";
}

/** Turns of both contenders. */
export interface Turns {
  readonly ours: readonly DaemonTurn[];
  /** Turns of each peer, in the order of {@link Load.peers}. */
  readonly theirs: readonly (readonly Turn[])[];
}

/**
 * A gross regression: beyond this ratio the cost of a check has more than doubled. On a busy machine the ratio of a short
 * run was a third higher than that of a long one.
 */
const MAX_RATIO = 4;
/** A gross regression: a larger share of the starts did not happen, at a load that leaves half a core. */
const MAX_MISSED_SHARE = 0.01;
/** Minimum interval of a load that {@link MAX_MISSED_SHARE} holds for: a stall that another program causes misses shorter ones. */
const MIN_PUNCTUAL_INTERVAL_MS = 1_000;
/** Minimum ratio of the contenders' rates: a contender with a lower rate spends CPU on checks that time out. */
const MIN_RATE_SHARE = 0.8;

/**
 * Computes the outcome of a load from its turns.
 *
 * @param comparedWith - CPU per check of the scenario that replaces HAProxy, microseconds, for each round
 */
export function outcome(load: Load, turns: Turns, comparedWith: readonly number[] | undefined): Outcome {
  const { ours, theirs } = turns;
  const ownUs = perCheckUs(ours);
  const perPeer = theirs.map((peer) => ratios(ownUs, perCheckUs(peer)));
  const perOther = comparedWith === undefined ? [] : ratios(ownUs, comparedWith);
  const rows =
    theirs.length > 0
      ? theirs.map((peer, index) =>
          row(load, load.peers[index]?.suffix ?? "", ours, peer, perPeer[index] ?? []),
        )
      : [row(load, "", ours, [], perOther)];
  return {
    figures: {
      ratios: Object.fromEntries(perPeer.map((each, index) => [`haproxy${index + 1}`, each])),
      ...(perOther.length > 0 ? { ratioToOther: perOther, other: load.comparedWith ?? "" } : {}),
      daemon: figuresOf(ours),
      haproxy: Object.fromEntries(theirs.map((peer, index) => [`haproxy${index + 1}`, figuresOf(peer)])),
      latenessMs: { ...middle(ours)?.measurement.lateness },
      sinkLatenessMs: { ...middle(ours)?.measurement.sink.lateness },
      skipped: skipped(ours),
      missedAtSink: missedAtSink(ours) ?? null,
    },
    rows,
    pageRows: rows,
    perCheckUs: ownUs,
    notes: notes(load, turns),
    regressions: regressions(load, ours, [...perPeer, perOther]),
  };
}

function row(
  { label, comparedWith }: Load,
  suffix: string,
  ours: readonly DaemonTurn[],
  theirs: readonly Turn[],
  perRound: readonly number[],
): string[] {
  const both = (figure: (turn: Turn) => number, text: (value: number) => string) =>
    [ours, theirs]
      .filter((turns) => turns.length > 0)
      .map((turns) => text(median(turns.map(figure))))
      .join(" / ");
  const lateness = middle(ours)?.measurement.lateness;
  return [
    `${label}${suffix}`,
    ...costCells(ours),
    ...costCells(theirs),
    ratioCell(perRound, theirs.length === 0 ? comparedWith : undefined),
    both(({ cost }) => cost.checksPerSecond, digits),
    both(
      ({ cost }) => cost.corePercent,
      (percent) => `${digits(percent)} %`,
    ),
    lateness === undefined ? "–" : latenessCell(lateness, true),
    `${skipped(ours)} / ${missedAtSink(ours) ?? "–"}`,
    both(({ memory }) => memory.rssBytes, bytes),
  ];
}

/** Formats `1.23 (1.21 to 1.29)`, followed by the name of the other row when it is not HAProxy's. */
function ratioCell(perRound: readonly number[], other: string | undefined): string {
  if (perRound.length === 0) return "–";
  const [lowest = "", highest = ""] = [0, 1].map((share) => digits(quantile(perRound, share)));
  const ratio = `${digits(median(perRound))} (${lowest} to ${highest})`;
  return other === undefined ? ratio : `${ratio} × ${other.toUpperCase()}`;
}

function regressions(
  { comparedWith, peers, checks, intervalMs }: Load,
  ours: readonly DaemonTurn[],
  perPeer: readonly (readonly number[])[],
): Regression[] {
  const other = peers.length > 0 ? "HAProxy" : comparedWith;
  const costly = perPeer
    .map(median)
    .filter((ratio) => ratio > MAX_RATIO)
    .map((ratio) => ({
      message: `a check costs ${digits(ratio)} times as much as that of ${other}, more than ${MAX_RATIO}`,
    }));
  const seconds = sum(ours.map(({ cost }) => cost.seconds));
  const wanted = (checks * 1_000 * seconds) / intervalMs;
  const missed = skipped(ours);
  const late = { message: `${missed} of ${digits(wanted)} starts were left out`, ifQuiet: true };
  const isLate = intervalMs >= MIN_PUNCTUAL_INTERVAL_MS && missed > MAX_MISSED_SHARE * wanted;
  return isLate ? [...costly, late] : costly;
}

/** Lists the reasons to trust the figures less. */
function notes({ checks, intervalMs, peers }: Load, { ours, theirs }: Turns): string[] {
  const all = [...ours, ...theirs.flat()];
  const highest = quantile(
    all.map(({ cost }) => cost.checksPerSecond),
    1,
  );
  const wanted = (checks * 1_000) / intervalMs;
  const sinkPercent = median(all.map(({ cost }) => cost.sinkCorePercent));
  const failures = sum(ours.map(({ verdicts }) => verdicts.failures + checks - verdicts.healthy));
  const inconclusive = sum(ours.map(({ measurement }) => measurement.inconclusive));
  return [
    `the sink took ${digits(sinkPercent)} % of a core`,
    ...theirs.flatMap((peer, index) => unlikeRates(ours, peer, peers[index]?.suffix ?? "")),
    ...miscounted(highest, wanted),
    ...(failures > 0 ? [`NOT ALL HEALTHY: ${failures} failed checks or states`] : []),
    ...(inconclusive > 0 ? [`${inconclusive} checks were inconclusive`] : []),
  ];
}

/** Notes rates that differ: only checks that send their request are counted, and those that time out earlier cost CPU, too. */
function unlikeRates(ours: readonly Turn[], theirs: readonly Turn[], suffix: string): string[] {
  const [own, other] = [ours, theirs].map((turns) => median(turns.map(({ cost }) => cost.checksPerSecond)));
  if (own === undefined || other === undefined) return [];
  if (Math.min(own, other) >= MIN_RATE_SHARE * Math.max(own, other)) return [];
  return [`NOT COMPARABLE${suffix}: ${digits(own)} checks a second were made against ${digits(other)}`];
}

/** Returns the round in the middle, so that its figures belong together. */
function middle<T extends Turn>(turns: readonly T[]): T | undefined {
  return [...turns].sort((a, b) => a.cost.perCheckUs - b.cost.perCheckUs)[(turns.length - 1) >> 1];
}

function costCells(turns: readonly Turn[]): string[] {
  const cost = middle(turns)?.cost;
  if (cost === undefined) return ["–", "–"];
  return [`${digits(cost.perCheckUs)} µs`, `${digits(cost.userUs)} + ${digits(cost.kernelUs)}`];
}

function perCheckUs(turns: readonly Turn[]): number[] {
  return turns.map(({ cost }) => cost.perCheckUs);
}

function skipped(ours: readonly DaemonTurn[]): number {
  return sum(ours.map(({ measurement }) => measurement.skippedLate + measurement.skippedRunning));
}

/** Counts the starts that the sink missed; undefined for a sink that records no times. */
function missedAtSink(ours: readonly DaemonTurn[]): number | undefined {
  const seen = ours.map(({ measurement }) => measurement.sink);
  return seen.some(({ targets }) => targets > 0) ? sum(seen.map(({ missed }) => missed)) : undefined;
}

function figuresOf(turns: readonly Turn[]): Figures {
  const rounds = turns.map(({ cost, memory }) => ({ ...costFigures(cost), ...memory }));
  return {
    perCheckUs: median(perCheckUs(turns)),
    userUs: median(turns.map(({ cost }) => cost.userUs)),
    kernelUs: median(turns.map(({ cost }) => cost.kernelUs)),
    rssBytes: median(turns.map(({ memory }) => memory.rssBytes)),
    anonymousBytes: median(turns.map(({ memory }) => memory.anonymousBytes)),
    rounds: Object.fromEntries(rounds.map((round, index) => [`round${index + 1}`, round])),
  };
}
