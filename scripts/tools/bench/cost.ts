/**
 * Cost of a check to its initiator, counted by the sink and the kernel. Called by the scenarios, for the daemon and
 * HAProxy alike.
 */
import { checksMade, halfOpenResets } from "./kernel-counters.ts";
import { cpuBetween, cpuOf } from "./process-figures.ts";
import type { Figures } from "./scenario.ts";
import type { Sink } from "./sink.ts";
import { digits } from "./table.ts";

/** A count that exceeds the requested one by this share includes checks of other programs. */
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

/** Measures the cost of some seconds. @param pid - process of the contender */
export async function measureCost(pid: number, sink: Sink, seconds: number): Promise<Cost> {
  const read = async () => ({
    seen: await sink.count(),
    // The kernel counts for the whole host, so its counter is used only where the sink does not see every check.
    halfOpen: sink.kind === "tcp" ? halfOpenResets() : 0,
    atMs: performance.now(),
    cpu: cpuOf(pid),
    sinkCpu: cpuOf(sink.pid),
  });
  const before = await read();
  await Bun.sleep(seconds * 1_000);
  const after = await read();
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

/**
 * Notes a count that includes checks of other programs.
 *
 * @param counted - checks per second
 * @param wanted - checks per second that the load has
 */
export function miscounted(counted: number, wanted: number): string[] {
  return counted > MAX_COUNTED * wanted
    ? [`NOT TO BE TRUSTED: ${digits(counted)} checks a second were counted instead of ${digits(wanted)}`]
    : [];
}

/** For the file of `--json`. */
export function costFigures(cost: Cost): Figures {
  return { ...cost };
}
