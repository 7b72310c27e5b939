/** Little memory: a cgroup that allows hardly more than the daemon needs. Slower, and no backend is called unhealthy. Run by `bun test`. */
// alone: needs the whole machine

import { expect } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { printFigure } from "../harness/base/figures.ts";
import { rootTest } from "../harness/base/peers.ts";
import { lasting } from "../harness/base/soak.ts";
import { until } from "../harness/base/wait.ts";
import { notifications } from "../harness/client/client-assertions.ts";
import { startSteady } from "../harness/daemon/steady.ts";

const MIB = 1_024 * 1_024;
/** For 200 checks of every kind. */
const ENOUGH = 64 * MIB;
const TIGHT_MS = lasting(2_500, 15_000);

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
  // The controller may not be handed down to us.
  if (existsSync(files(dir).usage)) return dir;
  rmdirSync(dir);
  return undefined;
}

/** The group's files, by the names that its version has for them. */
function files(dir: string) {
  const v1 = existsSync(join(dir, "memory.limit_in_bytes"));
  return {
    limit: join(dir, v1 ? "memory.limit_in_bytes" : "memory.max"),
    usage: join(dir, v1 ? "memory.usage_in_bytes" : "memory.current"),
  };
}

/**
 * Runs a daemon in a group of its own and then limits the group's memory for {@link TIGHT_MS}. Nothing unhealthy may be
 * reported, whether the kernel kills the daemon or not.
 *
 * @param dir the group's directory
 * @param allowed the limit in bytes, from the bytes in use
 * @param liftFirst whether the limit is lifted before progress is asked of a daemon that lives
 */
async function squeeze(
  dir: string,
  allowed: (used: number) => number,
  liftFirst: boolean,
): Promise<"continues" | "was killed"> {
  await using stack = new AsyncDisposableStack();
  // A group can be removed once its last process has been.
  stack.defer(() => until(() => removed(dir), 5_000, "the group to be empty").then(() => {}));
  const enter = `echo $$ > ${join(dir, "cgroup.procs")} && exec "$0" "$@"`;
  const steady = stack.use(
    await startSteady({ checks: 200, daemon: () => ({ prefix: ["sh", "-c", enter] }) }),
  );
  const { daemon, client } = steady;
  const { limit, usage } = files(dir);
  const used = () => Number(readFileSync(usage, "utf8"));
  const most = allowed(used());
  writeFileSync(limit, String(most));
  const ended = await Promise.race([daemon.exited, Bun.sleep(TIGHT_MS)]);
  printFigure(`memory in use of ${(most / MIB).toFixed(1)} MiB`, used() / MIB, "MiB");
  if (ended === undefined) {
    expect(used()).toBeLessThanOrEqual(most);
    // A process that reads its own code from the disk again and again makes hardly any progress, which is the kernel's doing.
    if (liftFirst) writeFileSync(limit, String(1_024 * MIB));
    await steady.level();
    await steady.expectNoFalseVerdict();
    return "continues";
  }
  // SIGKILL by the kernel. All that the daemon reported before it was true.
  expect(ended).toBe(128 + 9);
  await client.closed;
  expect(notifications(client).filter(({ status }) => status.state !== "healthy")).toEqual([]);
  return "was killed";
}

rootTest(
  "host: with little memory left the daemon continues, with none it stalls or is killed, and no backend is reported unhealthy",
  ["openssl"],
  async () => {
    const little = cgroupDir();
    // No fault of the daemon's, and nothing that can be installed; the reader of the report must see it.
    if (little === undefined) return printFigure("NOT TRIED, no memory cgroup can be made here", 0, "");
    expect(await squeeze(little, () => ENOUGH, false)).toBe("continues");
    const none = cgroupDir();
    if (none === undefined) throw new Error("the second memory cgroup could not be made");
    // The kernel kills the daemon, or takes its code's pages until it hardly runs.
    const killed = (await squeeze(none, (used) => used + MIB / 4, true)) === "was killed";
    printFigure("ended by the kernel with a quarter of a MiB to spare", Number(killed), "");
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
