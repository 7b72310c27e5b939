/**
 * 10,000 pings a second on loopback, each of an address of its own, and fping with the same in the same run. Makes a table of
 * docs/performance.md. Listed in ../scenarios.ts.
 */
import { icmpCheck, times } from "../../../../tests/harness/client/checks.ts";
import { median, quantile, ratios, sum } from "../arithmetic.ts";
import { firstResults, startSubject } from "../daemon.ts";
import { type FpingRun, hasFping, runFping } from "../fping.ts";
import { pingsOf } from "../kernel-counters.ts";
import { familySince, type Verdicts, verdicts } from "../measure.ts";
import { cpuBetween, cpuOf, memoryOf } from "../process-figures.ts";
import type { Group, Outcome, Scenario, Settings } from "../scenario.ts";
import { bytes, digits } from "../table.ts";

const CHECKS = 10_000;
const INTERVAL_MS = 1_000;
const WARM_UP_MS = 5_000;
const SECONDS = 10;
const PER_NET = 250;

const HEAD = [
  ...["pings", "this server", "user + kernel", "fping", "user + kernel", "ratio (rounds)", "pings/s"],
  ...["lost", "failed checks", "RSS"],
];
const GROUP: Group = {
  title: "Pings on loopback, metrics on, and fping in turn",
  note: [
    "The median round. The kernel's part is the answer, too: on loopback it is made in the sender's time.",
    "Each check sends one request to an address of its own. Pings and losses are counted by the kernel / by fping.",
  ].join("\n"),
  head: HEAD,
  page: { name: "pings", head: HEAD },
};

/** A turn of the server. */
interface Turn {
  readonly perPingUs: number;
  readonly userUs: number;
  readonly kernelUs: number;
  readonly pingsPerSecond: number;
  /** Requests without an answer, of the whole host; negative when an answer belongs to a request before the turn. */
  readonly lost: number;
  readonly inconclusive: number;
  readonly verdicts: Verdicts;
  readonly rssBytes: number;
}

export const pings: Scenario = {
  name: "pings",
  group: GROUP,
  summary: "10,000 ICMP × 1 s on loopback against fping",
  quick: false,
  run,
};

const ADDRESSES = times(CHECKS, (n) => `127.77.${Math.floor(n / PER_NET)}.${1 + (n % PER_NET)}`);

async function run({ rounds, seconds = SECONDS }: Settings, say: (text: string) => void): Promise<Outcome> {
  const ours: Turn[] = [];
  const theirs: FpingRun[] = [];
  for (let round = 1; round <= rounds; round++) {
    say(`round ${round} of ${rounds}: the daemon`);
    ours.push(await daemonTurn(seconds));
    if (!hasFping()) continue;
    say(`round ${round} of ${rounds}: fping`);
    theirs.push(await runFping(ADDRESSES, INTERVAL_MS, seconds));
  }
  return outcome(ours, theirs);
}

async function daemonTurn(seconds: number): Promise<Turn> {
  await using subject = await startSubject();
  const pace = { interval: `${INTERVAL_MS}ms`, timeout: `${INTERVAL_MS}ms`, count: 1 };
  subject.client.update(ADDRESSES.map((ip, n) => icmpCheck(n, ip, pace)));
  await firstResults(subject, CHECKS);
  await Bun.sleep(WARM_UP_MS);
  const { pid } = subject.daemon;
  const scraped = await subject.scrape();
  const before = { cpu: cpuOf(pid), pings: pingsOf(), atMs: performance.now() };
  await Bun.sleep(seconds * 1_000);
  const after = { cpu: cpuOf(pid), pings: pingsOf(), atMs: performance.now() };
  const spent = cpuBetween(before.cpu, after.cpu);
  const sent = after.pings.sent - before.pings.sent;
  return {
    perPingUs: spent.totalUs / sent,
    userUs: spent.userUs / sent,
    kernelUs: spent.kernelUs / sent,
    pingsPerSecond: (sent * 1_000) / (after.atMs - before.atMs),
    lost: sent - (after.pings.received - before.pings.received),
    inconclusive: familySince(scraped, await subject.scrape(), "healthcheck_inconclusive_total"),
    verdicts: await verdicts({ subject }),
    rssBytes: memoryOf(pid).rssBytes,
  };
}

function outcome(ours: readonly Turn[], theirs: readonly FpingRun[]): Outcome {
  const ownUs = ours.map(({ perPingUs }) => perPingUs);
  const otherUs = theirs.map(({ sent, userUs, kernelUs }) => (userUs + kernelUs) / sent);
  const perRound = ratios(ownUs, otherUs);
  const failures = sum(ours.map(({ verdicts }) => verdicts.failures + CHECKS - verdicts.healthy));
  const inconclusive = sum(ours.map((turn) => turn.inconclusive));
  const perPingUs = median(ownUs);
  const row = [
    `${CHECKS.toLocaleString("en-US")} ICMP × 1 s`,
    `${digits(perPingUs)} µs`,
    `${digits(median(ours.map(({ userUs }) => userUs)))} + ${digits(median(ours.map(({ kernelUs }) => kernelUs)))}`,
    ...fpingCells(theirs, otherUs),
    perRound.length === 0
      ? "–"
      : `${digits(median(perRound))} (${digits(quantile(perRound, 0))} to ${digits(quantile(perRound, 1))})`,
    digits(median(ours.map(({ pingsPerSecond }) => pingsPerSecond))),
    `${sum(ours.map(({ lost }) => lost))} / ${theirs.length === 0 ? "–" : sum(theirs.map(({ sent, received }) => sent - received))}`,
    String(failures),
    bytes(median(ours.map(({ rssBytes }) => rssBytes))),
  ];
  return {
    figures: { perPingUs, roundsUs: ownUs, fpingUs: otherUs, ratios: perRound, failures, inconclusive },
    rows: [row],
    pageRows: [row],
    perCheckUs: ownUs,
    notes: [
      ...(theirs.length === 0 ? ["not compared: fping is not installed (Debian package fping)"] : []),
      ...(failures > 0 ? [`NOT ALL HEALTHY: ${failures} failed checks or states`] : []),
      ...(inconclusive > 0 ? [`${inconclusive} checks were inconclusive`] : []),
    ],
    regressions: [],
  };
}

function fpingCells(theirs: readonly FpingRun[], perPingUs: readonly number[]): string[] {
  if (theirs.length === 0) return ["–", "–"];
  const part = (of: (run: FpingRun) => number) => digits(median(theirs.map((run) => of(run) / run.sent)));
  return [
    `${digits(median(perPingUs))} µs`,
    `${part(({ userUs }) => userUs)} + ${part(({ kernelUs }) => kernelUs)}`,
  ];
}
