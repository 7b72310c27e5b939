/**
 * CPU time that other processes used while a scenario ran. Called by main.ts: on a machine that others use, lateness and stalls say more about
 * them than about the daemon, and only ratios hold.
 */
import { readFileSync } from "node:fs";

/** CPU time so far, in the kernel's ticks. */
export interface Ticks {
  /** Busy time of the whole machine. */
  readonly busy: number;
  /** Taken by other machines on the same host. */
  readonly stolen: number;
  /** CPU time of this process and of its children that have ended. */
  readonly own: number;
  readonly atMs: number;
}

/** CPU time of other processes, in percent of one core. */
export interface Noise {
  readonly othersPercent: number;
  readonly stolenPercent: number;
}

/** `sysconf(_SC_CLK_TCK)` is 100 on every Linux that Bun runs on. */
const MS_PER_TICK = 10;
/** Percentage of one core above which figures of time do not count. */
const QUIET_PERCENT = 25;
/** With less, nothing is said. */
const WORTH_A_WORD_PERCENT = 5;

/** Looks at the clocks; children should have ended. */
export function ticksNow(): Ticks {
  const [line = ""] = readFileSync("/proc/stat", "utf8").split("\n");
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, stolen = 0] = line
    .split(/\s+/)
    .map(Number);
  const stat = readFileSync("/proc/self/stat", "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const own = [11, 12, 13, 14].reduce((total, index) => total + Number(fields[index]), 0);
  return { busy: user + nice + system + irq + softirq, stolen, own, atMs: performance.now() };
}

/** Computes the CPU time of other processes between two readings. */
export function noiseBetween(before: Ticks, after: Ticks): Noise {
  const percent = (ticks: number) => (ticks * MS_PER_TICK * 100) / (after.atMs - before.atMs);
  return {
    othersPercent: Math.max(0, percent(after.busy - before.busy - (after.own - before.own))),
    stolenPercent: percent(after.stolen - before.stolen),
  };
}

/** Returns true when late starts were caused by the daemon. */
export function isQuiet({ othersPercent, stolenPercent }: Noise): boolean {
  return othersPercent + stolenPercent < QUIET_PERCENT;
}

/** A sentence for people; nothing when the machine was ours. */
export function noiseWords({ othersPercent, stolenPercent }: Noise): string | undefined {
  if (othersPercent + stolenPercent < WORTH_A_WORD_PERCENT) return undefined;
  return `others used ${othersPercent.toFixed(0)} % of a core meanwhile, ${stolenPercent.toFixed(0)} % was stolen: only ratios hold`;
}
