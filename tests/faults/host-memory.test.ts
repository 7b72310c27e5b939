/** Little memory: a cgroup that allows hardly more than the daemon needs. Slower, and nobody is called unhealthy. Run by `bun test`. */

import { expect } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tell } from "../support/figures.ts";
import { peerTest } from "../support/peers.ts";
import { lasting } from "../support/soak.ts";
import { startSteady } from "../support/steady.ts";
import { until } from "../support/wait.ts";

const MIB = 1_024 * 1_024;
/** So much more than it has when the limit comes. */
const ROOM = 2 * MIB;
const TIGHT_MS = lasting(4_000, 60_000);

/** The memory controller's directory of this process, of either version of cgroups; undefined where it cannot be used. */
function cgroupDir(): string | undefined {
  const entries = readFileSync("/proc/self/cgroup", "utf8")
    .trim()
    .split("\n")
    .map((line) => line.split(":"));
  const [, , ownV1] = entries.find(([, controllers]) => controllers === "memory") ?? [];
  const [, , ownV2] = entries.find(([number]) => number === "0") ?? [];
  const parent =
    ownV1 === undefined ? join("/sys/fs/cgroup", ownV2 ?? "") : join("/sys/fs/cgroup/memory", ownV1);
  const dir = join(parent, `hc-memory-${process.pid}`);
  try {
    mkdirSync(dir);
  } catch {
    return undefined;
  }
  return dir;
}

/** The group's files, by the names that its version has for them. */
function files(dir: string) {
  const v1 = existsSync(join(dir, "memory.limit_in_bytes"));
  return {
    limit: join(dir, v1 ? "memory.limit_in_bytes" : "memory.max"),
    usage: join(dir, v1 ? "memory.usage_in_bytes" : "memory.current"),
  };
}

peerTest(
  "host: in a cgroup with hardly any memory left, nobody is called unhealthy for it (needs root)",
  ["openssl"],
  async () => {
    const dir = cgroupDir();
    if (dir === undefined) return;
    await using stack = new AsyncDisposableStack();
    // A group can be removed once its last process has been.
    stack.defer(() => until(() => removed(dir), 5_000, "the group to be empty").then(() => {}));
    const enter = `echo $$ > ${join(dir, "cgroup.procs")} && exec "$0" "$@"`;
    const steady = stack.use(
      await startSteady({ checks: 200, daemon: () => ({ prefix: ["sh", "-c", enter] }) }),
    );
    const { limit, usage } = files(dir);
    const used = () => Number(readFileSync(usage, "utf8"));
    const most = used() + ROOM;
    writeFileSync(limit, String(most));
    let peak = 0;
    const endMs = performance.now() + TIGHT_MS;
    const over = () => {
      peak = Math.max(peak, used());
      return performance.now() >= endMs;
    };
    await until(over, TIGHT_MS + 5_000, "the time with little memory");
    tell("memory allowed", most / MIB, "MiB");
    tell("most in use", peak / MIB, "MiB");
    expect(peak).toBeLessThanOrEqual(most);
    await steady.level();
    await steady.expectNoFalseVerdict();
  },
  60_000,
);

function removed(dir: string): boolean {
  try {
    rmdirSync(dir);
    return true;
  } catch {
    return false;
  }
}
