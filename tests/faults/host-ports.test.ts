/** Out of local ports: a network with eight of them, all taken. No backend is reported unhealthy. Run by `bun test`. */
// alone: needs the whole machine
import { expect } from "bun:test";
import { printFigure } from "../harness/base/figures.ts";
import { rootTest } from "../harness/base/peers.ts";
import { readSamples, sampleOf } from "../harness/daemon/metrics.ts";
import { startSteady } from "../harness/daemon/steady.ts";
import { inNetworkOf, inOwnNetwork } from "../harness/machines/namespace.ts";

const PORTS = 8;

/** Reads /metrics inside another network. */
async function inconclusiveInside(pid: number, port: number, cause: string): Promise<number> {
  const script = `process.stdout.write(await (await fetch("http://127.0.0.1:${port}/metrics")).text())`;
  const child = Bun.spawn([...inNetworkOf(pid), process.execPath, "-e", script], { stdin: "ignore" });
  const samples = readSamples(await child.stdout.text());
  return sampleOf(samples, `healthcheck_inconclusive_total{reason="${cause}"}`);
}

rootTest(
  "host: without a free local port, checks of every type are inconclusive, and recover when there is one",
  ["openssl", "ip", "nsenter"],
  async () => {
    await using steady = await startSteady({
      checks: 20,
      healthy: { prefix: inOwnNetwork(PORTS) },
      daemon: (healthy) => ({ prefix: inNetworkOf(healthy.pid) }),
    });
    const { daemon, healthy, metricsPort } = steady;
    const before = await inconclusiveInside(daemon.pid, metricsPort, "ports");
    printFigure("local ports taken", await healthy.holdPorts(), "");
    await daemon.waitForLog(/WARN Check inconclusive, state unchanged .*cause=ports/, 10_000);
    // Five intervals; a check that says nothing is repeated within one.
    await Bun.sleep(1_000);
    await healthy.releasePorts();
    await steady.level();
    const counted = (await inconclusiveInside(daemon.pid, metricsPort, "ports")) - before;
    printFigure("inconclusive for want of local ports", counted, "");
    expect(counted).toBeGreaterThanOrEqual(3 * 20);
    const others = daemon.log.filter((line) => /cause=(?!ports)/.test(line));
    expect(others).toEqual([]);
    await steady.expectNoFalseVerdict();
  },
  60_000,
);
