/**
 * Cost of a process, from /proc. Called by the scenarios, for the daemon, HAProxy and the sinks alike.
 *
 * CPU time is the sum over all threads of /proc/PID/task/TID/schedstat, which the scheduler keeps in nanoseconds. The share of it
 * that was spent in the kernel is that of stime in /proc/PID/stat, in which the kernel counts by its clock's ticks: good on the
 * average of some seconds, and not exact.
 */
import { readdirSync, readFileSync } from "node:fs";

const KILOBYTE = 1_024;

/** CPU time of a process until now. */
export interface Cpu {
  readonly totalNs: number;
  readonly userTicks: number;
  readonly kernelTicks: number;
}

/** CPU time spent, in microseconds. */
export interface CpuSpent {
  readonly totalUs: number;
  readonly userUs: number;
  readonly kernelUs: number;
}

/** Memory that a process holds, in bytes. */
export interface Memory {
  readonly rssBytes: number;
  /** Without what is mapped from files: the executable's pages are shared and can be dropped. */
  readonly anonymousBytes: number;
}

/** @throws Error when the process is gone */
export function cpuOf(pid: number): Cpu {
  const tasks = `/proc/${pid}/task`;
  const totalNs = readdirSync(tasks)
    .map((tid) => Number(readIfThere(`${tasks}/${tid}/schedstat`).split(" ")[0]))
    .reduce((total, ns) => total + ns, 0);
  // The name, second of the fields, may hold blanks: count from behind its parenthesis.
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { totalNs, userTicks: Number(fields[11]), kernelTicks: Number(fields[12]) };
}

/** Computes the cost between two readings of the same process. */
export function cpuBetween(before: Cpu, after: Cpu): CpuSpent {
  const totalUs = (after.totalNs - before.totalNs) / 1_000;
  const userTicks = after.userTicks - before.userTicks;
  const kernelTicks = after.kernelTicks - before.kernelTicks;
  const kernelUs = (totalUs * kernelTicks) / Math.max(1, userTicks + kernelTicks);
  return { totalUs, userUs: totalUs - kernelUs, kernelUs };
}

/** @throws Error when the process is gone */
export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const bytes = (field: string) =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) * KILOBYTE;
  return { rssBytes: bytes("VmRSS"), anonymousBytes: bytes("RssAnon") };
}

/** A thread may end between the listing and the look. */
function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "0";
  }
}
