/**
 * Bounds on memory and CPU for a process of a booted system. With one cgroup hierarchy systemd has set them itself; where this machine keeps the
 * controllers in the first version's hierarchies, no system that is booted in it can, and the test sets the same ones there. Called by
 * tests/systemd.
 */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const PERIOD_US = 100_000;

/** MemoryMax= and CPUQuota= of the unit. */
export interface Limits {
  readonly memoryBytes: number;
  /** Share of one core, 0 to 1. */
  readonly cpuShare: number;
}

/**
 * Sees to it that a process is within the limits; disposing takes away what it took for that. The process must have ended, or ends later:
 * a group that is still in use stays.
 *
 * @throws Error when this machine has neither hierarchy
 */
export function limitLikeTheUnit(pid: number, { memoryBytes, cpuShare }: Limits): Disposable {
  const groups = readFileSync(`/proc/${pid}/cgroup`, "utf8");
  const unified = /^0::(.*)$/m.exec(groups)?.[1] ?? "";
  const own = join("/sys/fs/cgroup", unified);
  if (existsSync(join(own, "memory.max")) && existsSync(join(own, "cpu.max"))) {
    const limits = ["memory.max", "cpu.max"].map((name) => readFileSync(join(own, name), "utf8").trim());
    if (limits.some((limit) => limit.startsWith("max"))) throw new Error(`${own}: has no limits`);
    return { [Symbol.dispose]() {} };
  }
  const made = [
    makeGroup("memory", pid, { "memory.limit_in_bytes": memoryBytes }),
    makeGroup("cpu", pid, { "cpu.cfs_period_us": PERIOD_US, "cpu.cfs_quota_us": PERIOD_US * cpuShare }),
  ];
  return {
    [Symbol.dispose]() {
      for (const { path, parent } of made) {
        writeFileSync(join(parent, "cgroup.procs"), String(pid));
        rmdirSync(path);
      }
    },
  };
}

function makeGroup(controller: string, pid: number, settings: Readonly<Record<string, number>>) {
  const parent = join("/sys/fs/cgroup", controller);
  if (!existsSync(join(parent, "cgroup.procs")))
    throw new Error(`this machine has no ${controller} controller`);
  const path = join(parent, `healthcheck-server-test-${pid}`);
  mkdirSync(path);
  for (const [name, value] of Object.entries(settings)) writeFileSync(join(path, name), String(value));
  writeFileSync(join(path, "cgroup.procs"), String(pid));
  return { path, parent };
}
