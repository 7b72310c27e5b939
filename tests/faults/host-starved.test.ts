/**
 * Hardly any CPU: busy loops beside a daemon that is nice. Late, and no backend is reported unhealthy. Run by `bun
 * test`.
 */
// alone: needs the whole machine
import { expect } from "bun:test";
import { printFigure } from "../harness/base/figures.ts";
import { peerTest } from "../harness/base/peers.ts";
import { stopProcess } from "../harness/base/process.ts";
import { lasting } from "../harness/base/soak.ts";
import { times } from "../harness/client/checks.ts";
import { startSteady } from "../harness/daemon/steady.ts";

const STARVED_MS = lasting(4_000, 30_000);
/** CPU limit that ends them when the test does not; seconds. */
const MAX_CPU_S = 2 * (STARVED_MS / 1_000);
const LOOPS = 4;

peerTest(
  "host: starved of CPU, the daemon is late and reports no backend unhealthy",
  ["openssl"],
  async () => {
    await using stack = new AsyncDisposableStack();
    // The backends are not the ones that starve: that would be their own fault.
    await using steady = await startSteady({
      checks: 100,
      fields: { interval: "200ms", timeout: "500ms" },
      healthy: { prefix: ["nice", "-n", "-20"], patienceMs: 1_000 },
      daemon: () => ({ prefix: ["nice", "-n", "19"] }),
    });
    const { daemon } = steady;
    const loop = ["sh", "-c", `ulimit -t ${MAX_CPU_S}; while :; do :; done`];
    const loops = times(LOOPS, () => {
      const child = Bun.spawn(["nice", "-n", "-12", ...loop], { stdin: "ignore" });
      stack.defer(() => stopProcess(child));
      return child;
    });
    const cpuMs = daemon.cpuMs();
    await Bun.sleep(STARVED_MS);
    const share = (daemon.cpuMs() - cpuMs) / STARVED_MS;
    for (const child of loops) await stopProcess(child);
    printFigure("share of a core that was left to the daemon", 100 * share, "%");
    await steady.level();
    printFigure("inconclusive because it did not run", await steady.inconclusive("stalled"), "");
    await steady.expectNoFalseVerdict();
    expect(daemon.log.filter((line) => line.includes("Internal error"))).toEqual([]);
  },
  120_000,
);
