/**
 * Cost of a check to its initiator, counted by the sink and the kernel. Called by the scenarios, for the daemon and
 * HAProxy alike.
 */
import { checksMade, halfOpenResets } from "./kernel-counters.ts";
import { cpuBetween, cpuOf } from "./process-figures.ts";
import type { Figures } from "./scenario.ts";
import type { Sink } from "./sink.ts";
import { digits } from "./table.ts";

/** A count that is so much above what was asked for holds what others did. */
const MAX_COUNTED = 1.02;

/** CPU of some seconds, against the checks that were made meanwhile. */
export interface Cost {
  /** Length of the measurement. */
  readonly seconds: number;
  readonly checksPerSecond: number;
  readonly userUs: number;
  readonly kernelUs: number;
  /** User and kernel, for one check. */
  readonly perCheckUs: number;
  /** Share of one core. */
  readonly corePercent: number;
  /** CPU time of the sink, which is not charged to either contender. */
  readonly sinkPerCheckUs: number;
  readonly sinkCorePercent: number;
}

/** Looks on for some seconds. */
export async function measureCost(pid: number, sink: Sink, seconds: number): Promise<Cost> {
  const look = async () => ({
    seen: await sink.count(),
    // Of the whole host: other programs' count where the sink sees every check.
    halfOpen: sink.kind === "tcp" ? halfOpenResets() : 0,
    atMs: performance.now(),
    cpu: cpuOf(pid),
    sinkCpu: cpuOf(sink.pid),
  });
  const before = await look();
  await Bun.sleep(seconds * 1_000);
  const after = await look();
  const checks = checksMade(after.seen - before.seen, after.halfOpen - before.halfOpen);
  const elapsedMs = after.atMs - before.atMs;
  const spent = cpuBetween(before.cpu, after.cpu);
  const sinkSpent = cpuBetween(before.sinkCpu, after.sinkCpu);
  return {
    seconds: elapsedMs / 1_000,
    checksPerSecond: (checks * 1_000) / elapsedMs,
    userUs: spent.userUs / checks,
    kernelUs: spent.kernelUs / checks,
    perCheckUs: spent.totalUs / checks,
    corePercent: spent.totalUs / elapsedMs / 10,
    sinkPerCheckUs: sinkSpent.totalUs / checks,
    sinkCorePercent: sinkSpent.totalUs / elapsedMs / 10,
  };
}

/** A note when checks that were not made have been counted: some other program's. Rates of a second. */
export function miscounted(counted: number, wanted: number): string[] {
  return counted > MAX_COUNTED * wanted
    ? [`NOT TO BE TRUSTED: ${digits(counted)} checks a second were counted instead of ${digits(wanted)}`]
    : [];
}

/** For the file of `--json`. */
export function costFigures(cost: Cost): Figures {
  return { ...cost };
}
