/** TCP and HTTP checks against HAProxy: both make the same checks of the same sinks, in turn. Listed in ../scenarios.ts. */
import { httpCheck, tcpCheck, times } from "../../../../tests/harness/client/checks.ts";
import { median, quantile, ratios } from "../arithmetic.ts";
import { type Cost, costFigures, measureCost } from "../cost.ts";
import { firstResults, startSubject } from "../daemon.ts";
import { findHaproxy, startHaproxy } from "../haproxy.ts";
import { type Memory, memoryOf } from "../process-figures.ts";
import type { Group, Outcome, Scenario, Settings } from "../scenario.ts";
import { type Sink, startSink } from "../sink.ts";
import { bytes, digits } from "../table.ts";

const TARGETS = 400;
const INTERVAL_MS = 100;
/** Until code is compiled and memory is level. */
const WARM_UP_MS = 5_000;
const QUICK_WARM_UP_MS = 2_000;
const SECONDS = 10;
const QUICK_SECONDS = 4;
/**
 * A gross regression. The bar is 1.5; on a machine that does other things the ratio of one short run has been seen a third
 * higher than that of a long one. Beyond this the cost of a check has more than doubled.
 */
const MAX_RATIO = 4;

/** A count that exceeds the requested one by this share includes checks of other programs. */
const MAX_COUNTED = 1.02;

/** One contender in one round. */
interface Turn {
  readonly cost: Cost;
  readonly memory: Memory;
}

const GROUP: Group = {
  title: `CPU per check: ${TARGETS} targets × ${INTERVAL_MS} ms, against HAProxy in turn`,
  note: "The middle one of the rounds; the ratio is the median of the rounds' own ratios, their range in parentheses.",
  head: [
    ...["scenario", "daemon", "user + kernel", "HAProxy", "user + kernel", "ratio"],
    ...["daemon RSS", "HAProxy RSS", "checks/s", "sink CPU"],
  ],
};

export const tcp = compareWithHaproxy("tcp");
export const http = compareWithHaproxy("http");

function compareWithHaproxy(kind: "tcp" | "http"): Scenario {
  return {
    name: kind,
    group: GROUP,
    summary: `${TARGETS} ${kind} checks × ${INTERVAL_MS} ms against HAProxy`,
    quick: true,
    haproxy: "peer",
    run: (settings, say) => run(kind, settings, say),
  };
}

async function run(kind: "tcp" | "http", settings: Settings, say: (text: string) => void): Promise<Outcome> {
  await using sink = await startSink(kind, TARGETS);
  const ours: Turn[] = [];
  const theirs: Turn[] = [];
  const compared = findHaproxy() !== null;
  for (let round = 1; round <= settings.rounds; round++) {
    say(`round ${round} of ${settings.rounds}: the daemon`);
    ours.push(await daemonTurn(kind, sink, settings));
    if (!compared) continue;
    say(`round ${round} of ${settings.rounds}: HAProxy`);
    theirs.push(await haproxyTurn(kind, sink, settings));
  }
  return outcome(kind, ours, theirs);
}

async function daemonTurn(kind: "tcp" | "http", sink: Sink, settings: Settings): Promise<Turn> {
  await using subject = await startSubject();
  const check = kind === "tcp" ? tcpCheck : httpCheck;
  const fields = { interval: `${INTERVAL_MS}ms`, timeout: "1s" };
  subject.client.update(times(TARGETS, (n) => check(n, targetOf(sink, n), fields)));
  await firstResults(subject, TARGETS);
  return await turn(subject.daemon.pid, sink, settings);
}

async function haproxyTurn(kind: "tcp" | "http", sink: Sink, settings: Settings): Promise<Turn> {
  await using haproxy = await startHaproxy(kind, sink.targets, INTERVAL_MS);
  return await turn(haproxy.pid, sink, settings);
}

async function turn(pid: number, sink: Sink, { quick, seconds }: Settings): Promise<Turn> {
  await Bun.sleep(quick ? QUICK_WARM_UP_MS : WARM_UP_MS);
  const cost = await measureCost(pid, sink, seconds ?? (quick ? QUICK_SECONDS : SECONDS));
  return { cost, memory: memoryOf(pid) };
}

function outcome(kind: string, ours: readonly Turn[], theirs: readonly Turn[]): Outcome {
  const perCheck = (turns: readonly Turn[]) => turns.map(({ cost }) => cost.perCheckUs);
  const perRound = ratios(perCheck(ours), perCheck(theirs));
  const ratio = median(perRound);
  const sinkPercent = median([...ours, ...theirs].map(({ cost }) => cost.sinkCorePercent));
  return {
    figures: {
      ratio,
      ratios: perRound,
      daemon: figuresOf(ours),
      haproxy: theirs.length === 0 ? null : figuresOf(theirs),
    },
    rows: [
      [
        kind,
        ...cells(ours),
        ...cells(theirs),
        `${digits(ratio)} (${digits(quantile(perRound, 0))}–${digits(quantile(perRound, 1))})`,
        bytes(median(ours.map(({ memory }) => memory.rssBytes))),
        bytes(median(theirs.map(({ memory }) => memory.rssBytes))),
        [ours, theirs].map((turns) => digits(median(perSecond(turns)))).join(" / "),
        `${digits(sinkPercent)} %`,
      ],
    ],
    notes: miscounted([...ours, ...theirs]),
    regressions:
      ratio > MAX_RATIO
        ? [{ words: `a check costs ${digits(ratio)} times as much as HAProxy's, more than ${MAX_RATIO}` }]
        : [],
  };
}

function perSecond(turns: readonly Turn[]): number[] {
  return turns.map(({ cost }) => cost.checksPerSecond);
}

/** Checks that were not made have been counted: some other program's. */
function miscounted(turns: readonly Turn[]): string[] {
  const most = quantile(perSecond(turns), 1);
  const wanted = (TARGETS * 1_000) / INTERVAL_MS;
  return most > MAX_COUNTED * wanted
    ? [`NOT TO BE TRUSTED: ${digits(most)} checks a second were counted instead of ${wanted}`]
    : [];
}

/** The round in the middle, so that user and kernel belong together. */
function cells(turns: readonly Turn[]): string[] {
  const costs = turns.map(({ cost }) => cost).sort((a, b) => a.perCheckUs - b.perCheckUs);
  const middle = costs[(costs.length - 1) >> 1];
  if (middle === undefined) return ["–", "–"];
  return [`${digits(middle.perCheckUs)} µs`, `${digits(middle.userUs)} + ${digits(middle.kernelUs)}`];
}

function figuresOf(turns: readonly Turn[]) {
  const rounds = turns.map(({ cost, memory }) => ({ ...costFigures(cost), ...memory }));
  return {
    perCheckUs: median(turns.map(({ cost }) => cost.perCheckUs)),
    userUs: median(turns.map(({ cost }) => cost.userUs)),
    kernelUs: median(turns.map(({ cost }) => cost.kernelUs)),
    rssBytes: median(turns.map(({ memory }) => memory.rssBytes)),
    anonymousBytes: median(turns.map(({ memory }) => memory.anonymousBytes)),
    rounds: Object.fromEntries(rounds.map((round, index) => [`round${index + 1}`, round])),
  };
}

function targetOf(sink: Sink, n: number) {
  const target = sink.targets[n % sink.targets.length];
  if (target === undefined) throw new Error("the sink has no targets");
  return target;
}
